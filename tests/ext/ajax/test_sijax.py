"""Sijax's protocol: what is called, what is answered, and what is refused."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest

from demijohn import Blueprint, Flask, Policy, g, request
from demijohn.ext.ajax import BaseResponse, Sijax, SijaxError, route, sijax
from demijohn.ext.forms import CSRFProtect


def test_each_command_is_sent_as_sijax_sends_it(page):
    def all_of_them(response):
        response.alert("é").html("#a", "<b>").html_append("a", "x").html_prepend("a", "y")
        response.attr("#a", "width", 5).attr_append("a", "class", " x").attr_prepend("a", "b", "c")
        response.css("a", "color", "red").remove("div").call("f.g", [1, None]).call("h")

    page.has("all", all_of_them)
    assert page.call("all") == [
        {"type": "alert", "alert": "é"},
        {"type": "html", "selector": "#a", "html": "<b>", "setType": "replace"},
        {"type": "html", "selector": "a", "html": "x", "setType": "append"},
        {"type": "html", "selector": "a", "html": "y", "setType": "prepend"},
        {"type": "attr", "selector": "#a", "key": "width", "value": 5, "setType": "replace"},
        {"type": "attr", "selector": "a", "key": "class", "value": " x", "setType": "append"},
        {"type": "attr", "selector": "a", "key": "b", "value": "c", "setType": "prepend"},
        {"type": "css", "selector": "a", "key": "color", "value": "red"},
        {"type": "remove", "remove": "div"},
        {"type": "call", "call": "f.g", "params": [1, None]},
        {"type": "call", "call": "h", "params": []},
    ]
    assert " " not in page.post("all").text.replace(" x", "")  # compact


def say(response, *args):
    response.alert(list(args))


async def say_later(response, *args):
    await asyncio.sleep(0)
    response.alert(list(args))


@pytest.mark.parametrize("handler", [say, say_later])
def test_handlers_of_both_kinds_get_what_the_page_gives(page, handler):
    page.has("say", handler, args_extra=("extra",))
    assert page.call("say", 1, {"a": [None]}) == [{"type": "alert", "alert": ["extra", 1, {"a": [None]}]}]


@pytest.mark.parametrize("args", ["nonsense", "{}", "5", "", "[1"])
def test_arguments_that_are_no_array_are_none(page, args):
    page.has("say", say)
    answer = page.client.post(page.path, data={"sijax_rq": "say", "sijax_args": args})
    assert answer.json == [{"type": "alert", "alert": []}]


@pytest.mark.parametrize("handler", [lambda r, a: r.alert("no"), lambda r, a, b, c: r.alert("no")])
def test_too_many_or_too_few_arguments_are_an_invalid_call(page, handler):
    page.has("f", handler)
    page.on("invalid_call", lambda response, callback: response.alert(callback is handler))
    assert page.call("f", 1, 2) == [{"type": "alert", "alert": True}]


def test_a_type_error_inside_a_handler_is_an_error_like_any_other(app, page, caplog):
    def fails(response):
        say(*())  # one frame deep, and deeper

    page.has("fails", fails)
    page.has("deep", lambda response: len(5))
    for name in ("fails", "deep"):
        assert page.post(name).status_code == 500
    assert caplog.text.count("TypeError") == 2


class Functions:
    def public(self, response):
        response.alert("public")

    def _private(self, response):
        response.alert("private")


@pytest.mark.parametrize("name", ["nothing", "__init__", "__class__", "_private", "register_callback", ""])
def test_what_is_not_registered_is_an_invalid_request(page, name, caplog):
    page.functions.append(lambda: g.sijax.register_object(Functions()))
    page.functions.append(lambda: g.sijax.register_callback("_private", say))
    page.on("invalid_request", lambda response, called: response.alert(["invalid", called]))
    assert page.call("public") == [{"type": "alert", "alert": "public"}]
    assert page.call(name) == [{"type": "alert", "alert": ["invalid", name]}]


def test_events_stand_around_a_call(page):
    page.has("say", say)
    page.on("before_processing", lambda response: response.alert("before"))
    page.on("after_processing", lambda response: response.alert("after"))
    assert [command["alert"] for command in page.call("say")] == ["before", [], "after"]


def test_script_is_refused_with_the_setting_that_allows_it(app, page, caplog):
    page.has("run", lambda response: response.script("alert(1)"))
    assert page.post("run").status_code == 500
    assert "SIJAX_ALLOW_SCRIPT" in caplog.text
    app.config["SIJAX_ALLOW_SCRIPT"] = True
    assert page.call("run") == [{"type": "script", "script": "alert(1)"}]


@pytest.mark.parametrize("uri", ["/here?a=b", "there", "http://localhost/x"])
def test_redirect_is_a_command_of_its_own(page, uri):
    page.has("go", lambda response: response.redirect(uri))
    assert page.call("go") == [{"type": "redirect", "redirect": uri}]


@pytest.mark.parametrize(
    "uri",
    [
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "http://evil.example/",
    ],
)
def test_redirect_does_not_leave_the_site(page, uri, caplog):
    page.has("go", lambda response: response.redirect(uri))
    assert page.post("go").status_code == 500
    assert "does not leave this site" in caplog.text


def test_at_the_compatibility_level_both_are_as_in_sijax(app, page):
    app.policy = Policy(checked_sijax_commands=False)
    page.has("both", lambda response: response.script("x()").redirect("http://other.example/"))
    assert page.call("both") == [
        {"type": "script", "script": "x()"},
        {"type": "script", "script": 'window.location = "http://other.example/";'},
    ]


def comet(response, steps):
    for step in range(steps):
        response.alert(f"{step} </script>")
        yield response
    response.alert("end")


async def async_comet(response, steps):
    for step in range(steps):
        response.alert(f"{step} </script>")
        yield response
        await asyncio.sleep(0)
    response.alert("end")


@pytest.mark.parametrize("handler", [comet, async_comet])
def test_a_comet_function_sends_an_array_a_line_each_time_it_yields(page, handler):
    page.has("work", handler, "register_comet_callback")
    assert page.follow("work", 2) == [
        [{"type": "alert", "alert": "0 </script>"}], [{"type": "alert", "alert": "1 </script>"}],
        [{"type": "alert", "alert": "end"}],
    ]  # fmt: skip


@pytest.mark.parametrize("handler", [comet, async_comet])
def test_to_a_client_of_sijaxs_own_it_sends_scripts_that_nothing_breaks_out_of(app, page, handler):
    app.config["CSP"] = {"script-src": ["'nonce'"]}
    page.has("work", handler, "register_comet_callback")
    answer = page.post("work", 1)
    assert answer.mimetype == "text/html"
    assert answer.text.count("<script") == answer.text.count("</script>") == 2
    assert r'processCommands([{"alert":"0 \u003c/script\u003e","type":"alert"}]);' in answer.text
    nonce = answer.text.partition('nonce="')[2].partition('"')[0]
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


def test_a_regular_function_that_yields_is_told_how_it_is_registered(page, caplog):
    page.has("work", comet)
    assert page.post("work", 2).status_code == 500
    assert "register_comet_callback" in caplog.text


def test_an_error_half_way_is_a_stream_that_breaks(page):
    def breaks(response):
        yield response.alert("one")
        raise ValueError("half-way")

    page.has("breaks", breaks, "register_comet_callback")
    with pytest.raises(ValueError, match="half-way"):
        page.follow("breaks")


def upload(response, files, values):
    yield response.alert("begun")
    response.html("#out", files["file"].read().decode() + values["name"]).reset_form()


async def async_upload(response, files, values):
    await asyncio.sleep(0)
    response.alert("begun")
    yield
    response.html("#out", files["file"].read().decode() + values["name"]).reset_form()


@pytest.mark.parametrize("handler", [upload, async_upload])
def test_uploaded_files_are_still_open_in_the_handler(page, handler):
    page.has("formOne", handler, "register_upload_callback")
    form = {"file": (BytesIO(b"content " * 100_000), "a.txt"), "name": "Ana"}
    lines = page.follow("formOne_upload", "formOne", form=form)
    assert lines[0] == [{"type": "alert", "alert": "begun"}]
    assert lines[1][0]["html"] == "content " * 100_000 + "Ana"
    assert lines[1][1] == {"type": "call", "call": "sjxUpload.resetForm", "params": ["formOne"]}


def test_the_code_for_a_form_cannot_end_its_script(app):
    Sijax(app)
    with app.test_request_context():
        app.preprocess_request()
        code = g.sijax.register_upload_callback("</script>", upload)
        assert "<" not in code
        g.sijax.set_request_uri("/</script>")
        assert "<" not in g.sijax.get_js()


def test_200_calls_at_once_have_each_its_own_functions_and_answer(app, client):
    Sijax(app)

    @route(app, "/<int:number>")
    async def index(number):
        g.sijax.register_callback(f"f{number}", lambda response: response.alert(number))
        await asyncio.sleep(0.01)
        return await g.sijax.process_request()

    def ask(number):
        data = {"sijax_rq": f"f{number}", "sijax_args": "[]"}
        return app.test_client().post(f"/{number}", data=data).json

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(ask, range(200))) == [[{"type": "alert", "alert": n}] for n in range(200)]


def test_it_is_there_in_blueprints_and_in_hooks_registered_before_it(app, client):
    seen = []
    app.before_request(lambda: seen.append(g.sijax.is_sijax_request))
    Sijax(app)
    pages = Blueprint("pages", __name__, url_prefix="/pages")
    pages.before_request(lambda: g.sijax.register_callback("say", say))

    @route(pages, "/", methods=["GET"])
    def index():
        return g.sijax.process_request()

    app.register_blueprint(pages)
    assert client.post("/pages/", data={"sijax_rq": "say", "sijax_args": "[]"}).status_code == 200
    assert seen == [True]


def test_a_call_from_another_site_is_refused(page):
    page.has("say", say)
    assert page.post("say", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_tag_has_what_the_page_needs_and_no_code(app, client, page):
    CSRFProtect(app)
    app.config["CSP"] = {"script-src": ["'nonce'"]}
    answer = client.get(f'{page.path}?a=b&c="')
    nonce = answer.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
    assert f'nonce="{nonce}"' in answer.text
    assert f'data-uri="{page.path}?a=b&amp;c=' in answer.text
    token = answer.text.partition('data-csrf="')[2].partition('"')[0]
    assert token
    assert answer.text.endswith("></script>")
    with client.get(answer.text.partition('src="')[2].partition('"')[0]) as script:
        assert script.mimetype in ("text/javascript", "application/javascript")
        assert len(script.data) < 6000
        assert b"eval" not in script.data
    page.has("say", say)
    assert page.post("say").status_code == 400
    assert page.post("say", headers={"X-CSRFToken": token}).status_code == 200


def test_the_address_of_an_application_below_a_prefix_has_it(app, page):
    with app.test_request_context("/def?x=%C3%A9", base_url="http://localhost/below/"):
        app.preprocess_request()
        assert g.sijax.script_tag().count('data-uri="/below/def?x=')


def test_outside_of_a_request_it_says_what_is_missing(app):
    helper = Sijax(app)
    with pytest.raises(RuntimeError, match="init_app"):
        helper.register_callback("say", say)


@pytest.mark.parametrize("options", [{"response_class": 5}, {"args_extra": "text"}])
def test_what_cannot_be_registered_is_refused(app, options):
    helper = Sijax(app)
    with app.test_request_context():
        app.preprocess_request()
        with pytest.raises(SijaxError):
            helper.register_callback("say", say, **options)


def test_a_response_class_of_ones_own_is_used(page):
    class Louder(BaseResponse):
        def alert(self, message):
            return super().alert(f"{message}!")

    page.has("say", lambda response: response.alert("hi"), response_class=Louder)
    assert page.call("say") == [{"type": "alert", "alert": "hi!"}]


def test_the_script_is_put_into_a_folder_of_its_own_and_no_other(app, tmp_path):
    folder = tmp_path / "js" / "sijax"
    app.config["SIJAX_STATIC_PATH"] = str(folder)
    Sijax(app)
    assert {path.name for path in folder.iterdir()} == {
        "sijax.js", "sijax_comet.js", "sijax_upload.js", "json2.js", "sijax_version",
    }  # fmt: skip
    (tmp_path / "mine.js").write_text("mine")
    other = Flask("other", static_folder=None)
    other.config["SIJAX_STATIC_PATH"] = str(tmp_path)
    with pytest.raises(SijaxError, match=r"not Sijax's"):
        Sijax(other)


def test_the_printed_form_of_the_decorator_makes_a_page(app, client):
    @app.route("/")
    @sijax.route(app, default_request_uri="/elsewhere")
    def index():
        if g.sijax.is_sijax_request:
            g.sijax.register_callback("say", say)
            return g.sijax.process_request()
        return g.sijax.get_js()

    assert client.get("/").text == 'Sijax.setRequestUri("/elsewhere");'
    assert client.post("/", data={"sijax_rq": "say", "sijax_args": "[]"}).status_code == 200


def test_a_request_that_is_no_call_cannot_be_processed(app):
    helper = Sijax(app)
    with app.test_request_context("/", method="POST", data={"sijax_rq": "say"}):
        app.preprocess_request()
        assert not helper.is_sijax_request
        with pytest.raises(SijaxError):
            helper.process_request()


def test_the_check_names_the_setting_that_lets_code_through(app):
    Sijax(app)
    assert not [f for check in app.checks for f in check(app) if f.id == "sijax-script"]
    app.config["SIJAX_ALLOW_SCRIPT"] = True
    assert [f.id for check in app.checks for f in check(app) if f.id == "sijax-script"]


def test_json_of_the_form_is_read_once(app, page):
    page.has("say", lambda response: response.alert(request.form["sijax_rq"]))
    assert json.loads(page.post("say").text)[0]["alert"] == "say"
