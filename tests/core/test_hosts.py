"""A refused Host is 400, whatever the application still does with the request."""

from __future__ import annotations

import asyncio

import pytest

from demijohn import Flask, render_template_string, request, url_for
from demijohn.testing.rsgi import RSGIHeaders

BAD = ["a/?x=", "u@a", "[::1", ""]


@pytest.fixture(params=["", "host-matching", "custom-adapter"])
def site(request):
    """Applications that reach the host in different ways, with hooks and handlers that use it again."""
    if request.param == "host-matching":
        app = Flask("site", host_matching=True, static_host="localhost")
    elif request.param == "custom-adapter":

        class Own(Flask):
            def create_url_adapter(self, request):
                return super().create_url_adapter(request)

        app = Own("site")
    else:
        app = Flask("site")
    app.add_url_rule(
        "/", "index", lambda: "index", host="localhost" if request.param == "host-matching" else None
    )
    return app


@pytest.mark.parametrize("host", BAD)
def test_case_1_an_error_handler_may_build_urls_under_a_malformed_host(site, reach, host):
    @site.errorhandler(400)
    def refused(error):
        return render_template_string(
            "at {{ url_for('index') }} and {{ url_for('index', _external=True) }}"
        ), 400

    answer = reach(site).get("/", headers={"Host": host})
    assert (answer.status_code, answer.text) == (400, "at / and http://localhost/")


def test_case_1_hooks_and_handlers_may_name_the_url_under_a_malformed_host(site, reach):
    seen = []
    site.before_request(lambda: seen.append(request.url))
    site.teardown_request(lambda exc: seen.append(request.host))

    @site.after_request
    def after(response):
        seen.append(request.host_url)
        return response

    @site.errorhandler(Exception)
    def anything(error):
        seen.append(request.base_url)
        return "refused", error.code

    assert reach(site).get("/", headers={"Host": "u@a"}).status_code == 400
    assert seen == ["http://localhost/", "http://localhost/", "http://localhost/", "localhost"]


def test_case_2_a_handler_of_an_unlisted_host_may_build_urls(app, client):
    app.config["TRUSTED_HOSTS"] = ["own.example"]
    app.add_url_rule("/", "index", lambda: "index")
    app.register_error_handler(400, lambda error: (url_for("index") + " " + request.url, 400))
    answer = client.get("/", headers={"Host": "other.example"})
    assert (answer.status_code, answer.text) == (400, "/ http://localhost/")
    assert client.get("/", headers={"Host": "own.example"}).text == "index"


def test_case_2_an_unlisted_host_stays_refused_on_every_request(app, client):
    """Nothing that was remembered about hosts lets a second request pass."""
    app.config["TRUSTED_HOSTS"] = ["own.example"]
    app.add_url_rule("/", "index", lambda: request.host)
    for host, status in [("other.example", 400), ("own.example", 200)] * 3:
        assert client.get("/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("a.example", 200),
        ("A.EXAMPLE", 200),
        ("aXexample", 400),
        ("a.example.", 400),
        ("b.a.example", 400),
        ("a.example:99999", 400),
        ("a.example:8080", 200),
        ("deep.of.example", 200),
    ],
)
def test_case_3_the_list_of_hosts_is_read_literally(app, client, host, status):
    app.config["TRUSTED_HOSTS"] = ["a.example", ".of.example"]
    app.add_url_rule("/", "index", lambda: "index")
    assert client.get("/", headers={"Host": host}).status_code == status


def test_case_1_the_view_of_a_malformed_host_is_not_called(app, client):
    called = []
    app.add_url_rule("/", "index", lambda: called.append(1) or "index")
    assert client.get("/", headers={"Host": "a,b"}).status_code == 400
    assert called == []


def test_case_1_a_host_sent_twice_is_refused_over_asgi():
    """Servers refuse it before; an application must not go by one of the two either."""
    app = Flask("site")

    @app.get("/")
    async def index():
        return "index"

    def status_of(*hosts):
        sent = []

        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
            "headers": [(b"host", host) for host in hosts],
        }  # fmt: skip
        asyncio.run(app(scope, receive, send))
        return sent[0]["status"]

    assert [status_of(b"own.example"), status_of(b"own.example")] == [200, 200]
    assert status_of(b"own.example", b"other.example") == 400
    assert status_of(b"own.example", b"own.example") == 400


def test_case_1_a_host_sent_twice_is_refused_over_rsgi():
    app = Flask("site")

    @app.get("/")
    async def index():
        return "index"

    class Protocol:
        def response_bytes(self, status, headers, body):
            self.status = status

    class Scope:
        proto, scheme, http_version, method, path, query_string = "http", "http", "1.1", "GET", "/", ""
        client, server, authority = "127.0.0.1:50000", "127.0.0.1:80", None

    def status_of(*hosts):
        scope, protocol = Scope(), Protocol()
        scope.headers = RSGIHeaders([(b"host", host) for host in hosts])
        asyncio.run(app.__rsgi__(scope, protocol))
        return protocol.status

    assert [status_of(b"own.example"), status_of(b"own.example")] == [200, 200]
    assert status_of(b"own.example", b"other.example") == 400
    assert status_of(b"own.example", b"own.example") == 400
