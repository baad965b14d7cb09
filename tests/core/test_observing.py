"""Who looks at requests from outside sees each of them, whole, and changes nothing but the answer's id."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest

from demijohn import Flask, Response, abort, request, stream_template_string
from demijohn.compat.app import Flask as CompatFlask
from demijohn.dispatch.access_log import logger
from demijohn.errors import WrongSetting
from demijohn.extend import observe

PROTOCOLS = ["wsgi", "asgi", "rsgi"]
FIELDS = [
    "time", "request_id", "method", "path", "route", "endpoint", "status", "bytes", "duration_ms", "remote_addr",
]  # fmt: skip


class Watcher:
    """Keeps what it was told of."""

    def __init__(self):
        self.told = []

    def begin(self, seen):
        self.told.append(("begin", seen))

    def leave(self, seen):
        self.told.append(("leave", seen))

    def end(self, seen):
        self.told.append(("end", seen))

    def names(self):
        return [name for name, _ in self.told]


@pytest.fixture
def app():
    app = Flask(__name__)

    @app.get("/bottles/<int:id>")
    def bottle(id):
        return f"bottle {id}"

    @app.get("/async")
    async def asynchronous():
        return {"a": 1}

    @app.get("/parts")
    def parts():
        return Response(iter([b"one", b"two", b"three"]))

    @app.get("/broken")
    def broken():
        raise OSError("on purpose")

    @app.get("/closed")
    def closed():
        abort(403)

    return app


@pytest.fixture
def lines(capfd):
    """The lines of the access log so far, read as JSON."""

    def read():
        return [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]

    return read


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("path", "route", "status", "size"),
    [
        ("/bottles/7?key=secret", "/bottles/<int:id>", 200, 8),
        ("/async", "/async", 200, 8),
        ("/parts", "/parts", 200, 11),
        ("/closed", "/closed", 403, None),
        ("/nowhere", None, 404, None),
        ("/broken", "/broken", 500, None),
    ],
)
def test_a_line_of_json_says_all_of_a_request_and_nothing_of_its_query(
    app, protocol, path, route, status, size, lines
):
    app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="json", PROPAGATE_EXCEPTIONS=False)
    client = app.test_client(protocol=protocol)
    lines()
    answer = client.get(path, headers={"X-Request-ID": "one"})
    body = answer.data
    (line,) = lines()
    assert list(line) == FIELDS
    assert (line["method"], line["path"], line["route"]) == ("GET", path.partition("?")[0], route)
    assert (line["status"], line["request_id"]) == (status, "one")
    assert line["bytes"] == len(body) == (size if size is not None else len(body))
    assert line["remote_addr"] == "127.0.0.1"
    assert line["duration_ms"] > 0
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_a_client_sends_breaks_no_line(app, protocol, lines):
    app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="json")
    app.test_client(protocol=protocol).get('/a%0a"b\\é%1b', headers={"X-Request-ID": 'a"b'})
    (line,) = lines()
    assert line["path"] == '/a\n"b\\é\x1b'
    assert len(line["request_id"]) == 32


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_text_is_one_line_whatever_is_in_it(app, protocol, capfd):
    app.config.update(ACCESS_LOG=True)
    app.test_client(protocol=protocol).get("/a%0ab")
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("127.0.0.1 - - [")
    assert '"GET /a\\nb HTTP/1.1" 404 ' in line


def test_structlogs_processors_make_the_line(app, capfd):
    structlog = pytest.importorskip("structlog")
    app.config.update(
        ACCESS_LOG=True,
        ACCESS_LOG_FORMAT=[
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )
    app.test_client().get("/async")
    line = json.loads(capfd.readouterr().err)
    assert line["level"] == "info"
    assert set(FIELDS) <= set(line)


def test_a_logger_with_a_handler_of_its_own_gets_the_lines(app, capfd):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="json")
        app.test_client().get("/async", headers={"X-Request-ID": "one"})
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert capfd.readouterr().err == ""
    assert records[0].request_id == "one"
    assert json.loads(records[0].getMessage())["path"] == "/async"


def test_a_format_that_is_none_is_an_error_at_start(app):
    app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="xml")
    with pytest.raises(WrongSetting, match="ACCESS_LOG_FORMAT"):
        app.test_client().get("/async")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_health_is_not_logged(app, protocol, lines):
    app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="json")
    client = app.test_client(protocol=protocol)
    client.get("/healthz")
    client.get("/readyz")
    client.get("/async")
    assert [line["path"] for line in lines()] == ["/async"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("path", ["/bottles/1", "/async", "/parts", "/nowhere", "/closed"])
def test_with_ids_on_every_answer_has_one(app, protocol, path):
    app.config["REQUEST_IDS"] = True
    client = app.test_client(protocol=protocol)
    assert client.get(path, headers={"X-Request-ID": "one"}).headers.getlist("X-Request-ID") == ["one"]
    assert len(client.get(path).headers["X-Request-ID"]) == 32


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_with_ids_on_the_view_sees_the_same_one_and_may_set_another(app, protocol):
    app.config["REQUEST_IDS"] = True
    app.get("/mine")(lambda: request.id)
    app.get("/other", endpoint="other")(lambda: ("ok", {"x-request-id": "other"}))
    client = app.test_client(protocol=protocol)
    answer = client.get("/mine")
    assert answer.text == answer.headers["X-Request-ID"]
    assert client.get("/other").headers.getlist("X-Request-ID") == ["other"]


def test_where_nobody_looks_a_plain_answer_says_no_id_and_meets_nothing(app):
    assert "X-Request-ID" not in app.test_client().get("/async").headers
    way = app.settle()
    assert way.observing is None
    assert way.enter is None


def test_in_debug_mode_and_with_an_access_log_requests_have_ids(app):
    app.debug = True
    assert "X-Request-ID" in app.test_client().get("/async").headers
    app.config["REQUEST_IDS"] = False
    assert "X-Request-ID" not in app.test_client().get("/async").headers


def test_under_compat_no_answer_says_one_unless_asked_for():
    app = CompatFlask(__name__)
    app.get("/")(lambda: request.id)
    app.debug = True
    assert "X-Request-ID" not in app.test_client().get("/").headers
    app.config["DEMIJOHN_REQUEST_IDS"] = True
    answer = app.test_client().get("/")
    assert answer.headers["X-Request-ID"] == answer.text


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("path", ["/bottles/1", "/async", "/parts", "/nowhere"])
def test_an_observer_is_told_three_times_in_order(app, protocol, path):
    watcher = Watcher()
    observe(app, watcher)
    app.test_client(protocol=protocol).get(path).data  # noqa: B018
    assert watcher.names() in (["begin", "leave", "end"], ["begin", "end", "leave"])
    seen = watcher.told[-1][1]
    assert seen.protocol == protocol
    assert seen.method == "GET"
    assert seen.header("host") == "localhost"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_error_that_propagates_is_seen(app, protocol):
    app.config["PROPAGATE_EXCEPTIONS"] = True
    watcher = Watcher()
    observe(app, watcher)
    with pytest.raises(OSError, match="on purpose"):
        app.test_client(protocol=protocol).get("/broken")
    seen = watcher.told[-1][1]
    assert (seen.status, str(seen.error)) == (500, "on purpose")
    assert watcher.names().count("end") == 1


def test_over_wsgi_the_end_is_when_the_server_closes_the_body(app):
    from demijohn.testing import EnvironBuilder

    watcher = Watcher()
    observe(app, watcher)
    environ = EnvironBuilder(app, "/bottles/1").get_environ()
    body = app(environ, lambda status, headers: None)
    assert list(body) == [b"bottle 1"]
    assert "end" not in watcher.names()
    body.close()
    body.close()
    assert watcher.names().count("end") == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_middleware_of_wsgi_does_not_have_it_told_twice(app, protocol):
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)
    watcher = Watcher()
    observe(app, watcher)
    app.test_client(protocol=protocol).get("/bottles/1").data  # noqa: B018
    assert sorted(watcher.names()) == ["begin", "end", "leave"]
    assert watcher.told[-1][1].route == "/bottles/<int:id>"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_client_is_whom_trusted_proxies_name(app, protocol, lines):
    app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="json", TRUSTED_PROXIES=1)
    app.test_client(protocol=protocol).get("/async", headers={"X-Forwarded-For": "192.0.2.7"})
    assert lines()[0]["remote_addr"] == "192.0.2.7"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_slow_view_is_named(app, protocol, caplog):
    app.config["SLOW_REQUEST_SECONDS"] = 1
    app.get("/slow", endpoint="slow")(lambda: time.sleep(1.05) or "slow")
    client = app.test_client(protocol=protocol)
    client.get("/async")
    client.get("/slow")
    (record,) = [record for record in caplog.records if "Slow request" in record.message]
    assert "view 'slow'" in record.message
    assert "test_observing.py" in record.message


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_in_debug_mode_a_view_that_blocks_the_loop_is_named(app, protocol, caplog):
    @app.get("/blocking")
    async def blocking():
        time.sleep(0.12)  # noqa: ASYNC251 (that is the point)
        return "ok"

    @app.get("/waiting")
    async def waiting():
        await asyncio.sleep(0.12)
        return "ok"

    client = app.test_client(protocol=protocol)
    client.get("/blocking")
    assert "blocked" not in caplog.text
    app.debug = True
    client.get("/waiting")
    assert "blocked" not in caplog.text
    client.get("/blocking")
    assert "view 'blocking'" in caplog.text


def test_a_stream_ends_when_its_last_part_was_taken(app):
    watcher = Watcher()
    observe(app, watcher)
    app.get("/page", endpoint="page")(
        lambda: stream_template_string("{% for i in range(3) %}{{ i }}{% endfor %}")
    )
    answer = app.test_client().get("/page")
    assert answer.text == "012"
    assert watcher.told[-1][1].sent == 3
