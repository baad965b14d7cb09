"""A request has one id, which its answer, its log records and the work it asks for have too."""

from __future__ import annotations

import io
import logging

import pytest

from demijohn import Flask, request
from demijohn.extend import carry_request_id, current_request_id
from demijohn.logging import add_request_id

PROTOCOLS = ["wsgi", "asgi", "rsgi"]


@pytest.fixture
def app():
    app = Flask(__name__)

    @app.get("/sync")
    def sync():
        return request.id

    @app.get("/async")
    async def asynchronous():
        return {"id": request.id}

    @app.get("/log")
    def log():
        logging.getLogger("a.library").warning("seen")
        return "ok"

    @app.get("/other")
    def other():
        request.id  # noqa: B018
        return "ok", {"X-Request-ID": "mine"}

    return app


@pytest.fixture
def lines():
    """What a handler of the application's own, with an ordinary formatter, writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))
    logger = logging.getLogger("a.library")
    logger.addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    logger.removeHandler(handler)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_the_id_that_was_received_is_the_requests_and_the_answers(app, protocol, path):
    client = app.test_client(protocol=protocol)
    answer = client.get(path, headers={"X-Request-ID": "a-b.C_9"})
    assert "a-b.C_9" in answer.text
    assert answer.headers["X-Request-ID"] == "a-b.C_9"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_request_without_one_has_a_new_id(app, protocol):
    client = app.test_client(protocol=protocol)
    first, second = client.get("/sync"), client.get("/sync")
    assert first.text != second.text
    assert first.headers["X-Request-ID"] == first.text
    assert len(first.text) == 32


@pytest.mark.parametrize("bad", ["", "a b", "a\tb", "é", "x" * 129, "a,b", "<script>", "a/b"])
def test_an_id_that_could_forge_a_line_or_a_field_is_not_taken(app, bad):
    answer = app.test_client().get("/sync", headers={"X-Request-ID": bad})
    assert answer.text != bad
    assert len(answer.text) == 32


def test_an_id_of_128_characters_is_taken(app):
    assert app.test_client().get("/sync", headers={"X-Request-ID": "x" * 128}).text == "x" * 128


def test_what_a_view_says_itself_stands(app):
    assert app.test_client().get("/other").headers.getlist("X-Request-ID") == ["mine"]


def test_records_of_any_logger_have_the_id(app, lines):
    answer = app.test_client().get("/log", headers={"X-Request-ID": "one"})
    logging.getLogger("a.library").warning("outside")
    assert lines() == ["one seen", "- outside"]
    assert answer.headers["X-Request-ID"] == "one"


def test_a_record_keeps_the_id_it_was_made_with(app):
    records = []
    logger = logging.getLogger("a.library")
    handler = logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    try:
        app.test_client().get("/log", headers={"X-Request-ID": "one"})
    finally:
        logger.removeHandler(handler)
    assert logging.Formatter("{request_id}", style="{").format(records[0]) == "one"
    assert records[0].request_id == "one"


def test_a_callers_own_extra_of_that_name_is_no_clash(app, lines):
    with app.test_request_context(headers={"X-Request-ID": "one"}):
        logging.getLogger("a.library").warning("mine", extra={"request_id": "two"})
    assert lines() == ["two mine"]


def test_a_background_task_logs_with_the_id_of_its_request(app, lines):
    @app.get("/later")
    def later():
        app.add_background_task(lambda: logging.getLogger("a.library").warning(current_request_id()))
        return "ok"

    with app.test_client() as client:
        client.get("/later", headers={"X-Request-ID": "one"})
    app.lifecycle.stop_sync()
    assert lines() == ["one one"]


def test_a_job_carries_the_id_it_was_handed(app, lines):
    with app.app_context():
        assert current_request_id() is None
        carry_request_id("one")
        logging.getLogger("a.library").warning("at work")
    assert lines() == ["one at work"]
    with pytest.raises(RuntimeError):
        carry_request_id("two")


def test_structlogs_events_get_it(app):
    with app.test_request_context(headers={"X-Request-ID": "one"}):
        assert add_request_id(None, "info", {"event": "seen"}) == {"event": "seen", "request_id": "one"}
    assert add_request_id(None, "info", {"event": "seen"}) == {"event": "seen"}


def test_a_socket_has_the_id_of_its_handshake(app):
    from demijohn import websocket

    @app.websocket("/socket")
    async def socket():
        await websocket.send(websocket.id)

    with app.test_client(protocol="asgi").websocket("/socket", headers={"X-Request-ID": "one"}) as connection:
        assert connection.receive() == "one"
