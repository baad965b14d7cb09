"""The examples of docs/ajax.md and docs/htmx.md in Chromium, on a real server."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.support.browser import chromium, example, from_npm

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow]


@pytest.fixture(scope="module")
def npm(pytestconfig):
    return pytestconfig.cache.mkdir("npm")


@pytest.mark.parametrize(("interface", "beside"), [("wsgi", "nothing"), ("asgi", "jquery")])
def test_a_page_calls_functions_under_a_strict_policy(tmp_path, npm, beside, interface):
    with example("ajax", tmp_path, "--interface", interface) as server, chromium() as page:
        refused = []
        page.on("console", lambda message: refused.append(message.text) if "Policy" in message.text else None)
        page.goto(server.url)
        if beside == "jquery":
            page.evaluate(from_npm("jquery", "3.7.1", "dist/jquery.js", npm))
        assert page.evaluate("typeof jQuery") == ("function" if beside == "jquery" else "undefined")

        page.get_by_label("Name").fill("<b>Ana</b>")
        page.get_by_role("button", name="Greet").click()
        expect(page.locator("#greeting")).to_have_text("Hello, <b>Ana</b>!")
        expect(page.locator("#greeting")).to_have_css("color", "rgb(0, 128, 0)")

        page.get_by_role("button", name="Count").click()
        expect(page).to_have_title("Counted to 12")

        page.evaluate("""() => {
            window.seen = [];
            new MutationObserver(() => seen.push(document.getElementById("progress").value)).observe(
                document.getElementById("progress"), {attributes: true});
        }""")
        page.get_by_role("button", name="Work").click()
        expect(page.locator("#done")).to_have_text("Done.")
        assert page.evaluate("seen") == [1, 2, 3]

        page.get_by_label("Title").fill("Harvest")
        page.get_by_label("Photo").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": b"x" * 70_000}
        )
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#saved")).to_have_text("Harvest: 70000 bytes")
        expect(page.get_by_label("Title")).to_have_value("")
        assert refused == []


COMMANDS = """() => {
    document.body.innerHTML = '<p id="a" class="x">a</p><p id="b">b</p><img id="i">';
    window.told = [];
    window.deep = {owner: {f(...args) { told.push([this === window.deep.owner, ...args]); }}};
    Sijax.register("deep.taken", (...args) => told.push(["registered", ...args]));
    Sijax.processCommands([
        {type: "html", selector: "#a", html: "<i>1</i>", setType: "replace"},
        {type: "html", selector: "#a", html: "<i>2</i>", setType: "append"},
        {type: "html", selector: "#a", html: "<i>0</i>", setType: "prepend"},
        {type: "attr", selector: "#a", key: "class", value: " y", setType: "append"},
        {type: "attr", selector: "#a", key: "data-n", value: "5", setType: "replace"},
        {type: "attr", selector: "#a", key: "style", value: "top: 1px", setType: "replace"},
        {type: "attr", selector: "#a", key: "onclick", value: "told.push('no')", setType: "replace"},
        {type: "attr", selector: "#i", key: "width", value: 5, setType: "replace"},
        {type: "css", selector: "p", key: "margin-left", value: "3px"},
        {type: "css", selector: "p", key: "fontSize", value: 20},
        {type: "css", selector: "p", key: "opacity", value: 0.5},
        {type: "remove", remove: "#b"},
        {type: "call", call: "deep.owner.f", params: [1, 2]},
        {type: "call", call: "deep.taken", params: [3]},
        {type: "redirect", redirect: "javascript:told.push('no')"},
    ]);
    const a = document.getElementById("a");
    a.click();
    return [a.innerHTML, a.className, a.dataset.n, a.style.top, a.style.marginLeft, a.style.fontSize, a.style.opacity,
            document.getElementById("b"), document.getElementById("i").width, told];
}"""

FORM = """() => {
    document.body.innerHTML = `<form id="f">
        <input name="plain" value="1"><input name="empty" value=""><input name="off" value="x" disabled>
        <input type="checkbox" name="no" value="1"><input type="checkbox" name="yes" value="1" checked>
        <input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked>
        <input name="a[b][]" value="1"><input name="a[b][]" value="2"><input name="a[c]" value="3">
        <input name="d[]" value="4"><textarea name="t">text</textarea>
        <select name="s"><option>x</option><option selected>y</option></select>
        <select name="m" multiple><option selected>x</option><option selected>y</option></select>
        <input name="__proto__[bad]" value="1"><input value="nameless"></form>`;
    return [Sijax.getFormValues("#f"), {}.bad === undefined];
}"""


def test_the_script_does_what_each_command_says(tmp_path):
    with example("ajax", tmp_path) as server, chromium() as page:
        page.goto(server.url)
        assert page.evaluate(COMMANDS) == [
            "<i>0</i><i>1</i><i>2</i>", "x y", "5", "1px", "3px", "20px", "0.5", None, 5,
            [[True, 1, 2], ["registered", 3]],
        ]  # fmt: skip
        assert page.evaluate(FORM) == [
            {
                "plain": "1", "empty": "", "yes": "1", "r": "2", "a": {"b": ["1", "2"], "c": "3"}, "d": ["4"],
                "t": "text", "s": "y", "m": ["x", "y"],
            },
            True,
        ]  # fmt: skip
        page.evaluate("Sijax.processCommands([{type: 'redirect', redirect: '/?there'}])")
        page.wait_for_url("**/?there")


@pytest.mark.parametrize("version", ["2.0.11", "4.0.1"])
def test_htmx_takes_fragments_events_addresses_and_redirects(tmp_path, npm, version):
    code = from_npm("htmx.org", version, "dist/htmx.min.js", npm)
    with example("htmx", tmp_path) as server, chromium() as page:
        page.route("**/htmx.min.js", lambda route: route.fulfill(content_type="text/javascript", body=code))
        page.goto(f"{server.url}/cellar?from=outside")
        expect(page.locator("#rows li")).to_have_text(["Rioja", "Barolo"])
        page.get_by_label("Search").press_sequentially("bar")
        expect(page.locator("#rows li")).to_have_text(["Barolo"])
        page.get_by_label("Name").fill("Añejo")
        page.get_by_role("button", name="Add").click()
        expect(page.locator("#rows li")).to_have_text(["Rioja", "Barolo", "Añejo"])
        expect(page).to_have_title("Saved Añejo")
        page.wait_for_url("**/cellar")
        page.get_by_role("button", name="Empty").click()
        expect(page).to_have_title("Cellar")  # the page was loaded anew, and not put into a part of this one
        expect(page.locator("#rows li")).to_have_text(["Nothing here."])
        assert page.locator("title").count() == 1
