"""What Chromium does with what answers tell it: scripts that run or do not, forms and scripts of other sites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import sync_playwright
from tests.support.servers import Server, free_port, stop_group, wait_until_ready

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow]

SITE = '''
import os

from demijohn import Flask, csp_nonce, render_template_string, stream_template_string

app = Flask(__name__)
STRICT = {"script-src": ["'self'", "'nonce'"]}
PAGE = """<!doctype html><title>page</title>
<script nonce="{{ csp_nonce() }}">window.ours = true</script>
<script>window.planted = true</script>
<img src="x" onerror="window.planted = true">"""
SENDS = """<!doctype html><form id="f" action="http://127.0.0.1:%s/change" method="post"></form>"""
changed = []


@app.get("/ready")
def ready():
    return "ready"


@app.get("/strict", csp=STRICT)
def strict():
    return render_template_string(PAGE)


@app.get("/streamed", csp=STRICT)
def streamed():
    return stream_template_string(PAGE)


@app.get("/default")
def default():
    return render_template_string(PAGE)


@app.get("/form/<int:port>")
def form(port):
    return SENDS % port


@app.post("/change")
def change():
    changed.append(1)
    return "changed"


@app.get("/changed")
def count():
    return str(len(changed))


OTHER = int(os.environ["OTHER"])
app.cors([f"http://localhost:{OTHER}"], path="/api", credentials=True, headers=["X-Token"])


@app.route("/api/films", methods=["GET", "PUT"])
def films():
    return {"films": 2}


@app.get("/api/crash")
def crash():
    raise RuntimeError("crash")
'''


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The same site twice: at 127.0.0.1, and at localhost, which is another site."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "policies.py").write_text(SITE)
    ports = [free_port(), free_port()]
    running = []
    try:
        for port in ports:
            log = folder / f"{port}.log"
            command = [sys.executable, "-m", "demijohn", "--app", "policies", "run", "--port", str(port)]
            with log.open("wb") as output:
                process = subprocess.Popen(
                    command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
                    env={**os.environ, "OTHER": str(ports[1])},
                )  # fmt: skip
            running.append(Server("demijohn", port, process, log))
        for server in running:
            wait_until_ready(server, "/ready", seconds=90)
        yield ports
    finally:
        for server in running:
            stop_group(server.process)


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("These tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def page(browser):
    opened = browser.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


@pytest.mark.parametrize(("path", "planted"), [("strict", False), ("streamed", False), ("default", True)])
def test_case_48_a_script_without_the_nonce_does_not_run(servers, page, path, planted):
    page.goto(f"http://127.0.0.1:{servers[0]}/{path}")
    page.wait_for_timeout(300)
    assert page.evaluate("[window.ours === true, window.planted === true]") == [True, planted]


def test_case_38_a_form_of_another_site_is_refused_and_one_of_ours_is_not(servers, page):
    here, other = f"http://127.0.0.1:{servers[0]}", f"http://localhost:{servers[1]}"
    for site, status in [(other, 403), (here, 200)]:
        page.goto(f"{site}/form/{servers[0]}")
        with page.expect_navigation(), page.expect_response(f"{here}/change") as answer:
            page.evaluate("document.getElementById('f').submit()")
        assert answer.value.status == status
    page.goto(f"{here}/changed")
    assert page.inner_text("body") == "1"


FETCH = """async ([url, options]) => {
    try { const a = await fetch(url, options); return [a.status, await a.text()] }
    catch (e) { return ["refused", e.name] }
}"""


def test_a_script_of_an_origin_that_is_named_reads_answers_and_errors(servers, page):
    here = f"http://127.0.0.1:{servers[0]}"
    page.goto(f"http://localhost:{servers[1]}/ready")
    with_preflight = {"method": "PUT", "headers": {"X-Token": "x"}, "credentials": "include"}
    assert page.evaluate(FETCH, [f"{here}/api/films", with_preflight])[0] == 200
    assert page.evaluate(FETCH, [f"{here}/api/crash", {}])[0] == 500
    assert page.evaluate(FETCH, [f"{here}/api/nowhere", {}])[0] == 404
    assert page.evaluate(FETCH, [f"{here}/changed", {}])[0] == "refused"
    assert page.evaluate(FETCH, [f"{here}/api/films", {"headers": {"X-Other": "x"}}])[0] == "refused"
