"""Flask's tutorial application, unmodified: its own tests, and in a browser's place over HTTP."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest
from tests.compat import suites

from demijohn.compat.distribution import VERSION

pytestmark = pytest.mark.slow

SERVERS = {
    "wsgi": "-m gunicorn --threads 4 -b 127.0.0.1:{port} demijohn.compat.served:app",
    "asgi": "-m uvicorn --log-level warning --port {port} demijohn.compat.served:app",
}


@pytest.fixture
def tutorial(sources, tmp_path):
    source = suites.fetch(f"flask=={VERSION}", sources) / "examples" / "tutorial"
    return suites.copy(source, tmp_path / "tutorial", "flaskr", "tests")


def test_its_own_tests_pass(tutorial):
    found, output = suites.run(tutorial, "-p", "demijohn.compat.pytest", "tests", PYTHONPATH=_paths(tutorial))
    assert set(found.values()) == {"passed"}, output
    assert len(found) == 24


@pytest.mark.servers
@pytest.mark.parametrize("protocol", SERVERS)
def test_it_works_over_http(tutorial, protocol):
    variables = {"DEMIJOHN_APP": "flaskr:create_app()", "PYTHONPATH": _paths(tutorial)}
    subprocess.run(
        [sys.executable, "-m", "demijohn.compat", "-m", "flask", "--app", "flaskr", "init-db"],
        cwd=tutorial,
        env=suites.environment(**variables),
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, *SERVERS[protocol].format(port=port).split()],
        cwd=tutorial,
        env=suites.environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        browser = Browser(f"http://127.0.0.1:{port}")
        browser.wait()
        assert "No posts" not in browser.get("/")
        browser.post("/auth/register", username="ana", password="correct horse")
        assert "Incorrect password." in browser.post("/auth/login", username="ana", password="wrong")
        assert "Log Out" in browser.post("/auth/login", username="ana", password="correct horse")
        page = browser.post("/create", title="Madeira <b>", body="of 1962")
        assert "Madeira &lt;b&gt;" in page
        assert "of 1962" in page
        edit = re.search(r'href="(/\d+/update)"', page)
        assert "of 1963" in browser.post(edit[1], title="Madeira", body="of 1963")
        assert "Log Out" not in browser.get("/auth/logout")
        assert browser.status(edit[1]) == ("/auth/login", 200)
        assert browser.status("/static/style.css") == ("/static/style.css", 200)
        assert browser.status("/nowhere") == ("/nowhere", 404)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _paths(tutorial):
    return f"{suites.environment()['PYTHONPATH']}:{tutorial}"


class Browser:
    """Keeps cookies and follows redirects."""

    def __init__(self, origin):
        self.origin = origin
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def wait(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.get("/")
            except urllib.error.URLError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def get(self, path):
        with self.opener.open(self.origin + path, timeout=10) as answer:
            return answer.read().decode()

    def post(self, path, **form):
        data = urllib.parse.urlencode(form).encode()
        with self.opener.open(self.origin + path, data, timeout=10) as answer:
            return answer.read().decode()

    def status(self, path):
        try:
            with self.opener.open(self.origin + path, timeout=10) as answer:
                return urllib.parse.urlsplit(answer.url).path, answer.status
        except urllib.error.HTTPError as error:
            return urllib.parse.urlsplit(error.url).path, error.code
