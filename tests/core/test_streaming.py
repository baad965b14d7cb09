"""Bodies made while they are sent: generators, templates, server-sent events."""

from __future__ import annotations

import asyncio
import contextvars
import time
from contextlib import suppress

import pytest

from demijohn import (
    Response,
    ServerSentEvent,
    event_stream,
    request,
    stream_template,
    stream_template_string,
    stream_with_context,
    template_rendered,
)


def until(condition, seconds=20):
    """Whether something became true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


async def parts(*values):
    for value in values:
        await asyncio.sleep(0)
        yield value


BODIES = {
    "generator of text": lambda: (word for word in ("a", "é", "b")),
    "generator of bytes": lambda: (word for word in (b"a", "é".encode(), b"b")),
    "list of text": lambda: Response(["a", "é", "b"]),
    "async generator": lambda: parts("a", "é", "b"),
    "async generator of bytes": lambda: parts(b"a", "é".encode(), b"b"),
    "response around a generator": lambda: Response(iter(["a", "é", "b"])),
    "response around an async generator": lambda: Response(parts("a", "é", "b")),
    "empty parts between": lambda: iter(["", "a", "", "éb"]),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("view", ["sync", "async"])
def test_every_kind_of_streamed_body_arrives_whole(app, client, body, view):
    async def later():
        return body()

    app.add_url_rule("/", "index", later if view == "async" else body)
    assert client.get("/").text == "aéb"


def test_an_empty_stream_is_an_empty_body(app, client):
    app.add_url_rule("/", "index", lambda: iter(()))
    answer = client.get("/")
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_a_stream_has_the_status_and_headers_of_its_response(app, client, is_async):
    app.add_url_rule("/", "index", lambda: (parts("a") if is_async else iter("a"), 202, {"X-A": "1"}))
    answer = client.get("/")
    assert (answer.status_code, answer.headers["X-A"], answer.text) == (202, "1", "a")


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_head_of_a_stream_runs_none_of_it_and_closes_it(app, client, is_async):
    ran = []

    def generate():
        ran.append("ran")
        yield "a"

    async def later():
        ran.append("ran")
        yield "a"

    app.add_url_rule("/", "index", lambda: later() if is_async else generate())
    answer = client.head("/")
    assert (answer.status_code, answer.data) == (200, b"")
    assert ran == []


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_fault_5_a_client_that_leaves_closes_the_generator(app, client, is_async):
    closed = []

    def generate():
        try:
            while True:
                yield "x" * 1000
        finally:
            closed.append(request.path)

    async def later():
        try:
            while True:
                yield "x" * 1000
        finally:
            await asyncio.sleep(0)
            closed.append(request.path)

    app.add_url_rule("/", "index", lambda: later() if is_async else generate())
    answer = client.get("/")
    next(iter(answer.response))
    answer.close()
    assert until(lambda: closed)
    assert closed == ["/"]


def test_functions_called_on_close_run_after_the_body(app, client):
    order = []

    @app.route("/")
    def index():
        def generate():
            yield "a"
            order.append("body")

        response = Response(generate())
        response.call_on_close(lambda: order.append("closed"))
        return response

    answer = client.get("/")
    assert answer.text == "a"
    answer.close()
    assert until(lambda: len(order) == 2)
    assert order == ["body", "closed"]


def test_functions_called_on_close_run_for_a_body_in_one_piece_too(app, client):
    order = []

    @app.route("/")
    def index():
        response = Response("a")
        response.call_on_close(lambda: order.append("closed"))
        return response

    client.get("/").close()
    assert until(lambda: order == ["closed"])


def test_a_template_is_streamed_inside_its_request(app, client):
    rendered = []
    app.context_processor(lambda: {"extra": "processed"})
    app.add_url_rule(
        "/",
        "index",
        lambda: stream_template_string("{{ request.path }} {{ extra }} {{ word }}", word="given"),
    )
    receiver = lambda sender, template, context, **_: rendered.append(context["word"])  # noqa: E731
    with template_rendered.connected_to(receiver, app):
        assert client.get("/").text == "/ processed given"
    assert rendered == ["given"]


def test_a_template_of_a_file_is_streamed(app, client, tmp_path):
    (tmp_path / "rows.txt").write_text("{% for n in range(3) %}{{ n }};{% endfor %}")
    app.template_folder = str(tmp_path)
    app.add_url_rule("/", "index", lambda: stream_template("rows.txt"))
    assert client.get("/").text == "0;1;2;"


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_events_are_sent_in_the_form_of_the_standard(app, client, is_async):
    events = [
        "plain",
        ServerSentEvent("two\nlines", event="named", id=7, retry=100),
        ServerSentEvent(None, comment="alive"),
    ]
    app.add_url_rule("/", "index", lambda: event_stream(parts(*events) if is_async else iter(events)))
    answer = client.get("/")
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.text == (
        "data: plain\n\nevent: named\nid: 7\nretry: 100\ndata: two\ndata: lines\n\n: alive\n\n"
    )


def test_events_read_the_last_id_of_a_client_that_comes_back(app, client):
    @app.route("/")
    def index():
        start = int(request.headers.get("Last-Event-ID", 0)) + 1
        return event_stream(ServerSentEvent("x", id=number) for number in range(start, start + 2))

    assert "id: 6\n" in client.get("/", headers={"Last-Event-ID": "5"}).text


class Subscription:
    """Events without end, and something to give back; no generator."""

    def __init__(self, closed):
        self.closed = closed

    def __iter__(self):
        return self

    def __next__(self):
        return "tick"

    def close(self):
        self.closed.append("close")


class AsyncSubscription:
    def __init__(self, closed):
        self.closed = closed

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(0)
        return "tick"

    async def aclose(self):
        await asyncio.sleep(0)
        self.closed.append("aclose")


@pytest.mark.parametrize("kind", [Subscription, AsyncSubscription])
def test_a_client_that_leaves_closes_the_source_of_events(app, client, kind):
    closed = []
    app.add_url_rule("/", "index", lambda: event_stream(kind(closed)))
    answer = client.get("/")
    assert next(iter(answer.response)) == b"data: tick\n\n"
    answer.close()
    assert until(lambda: closed)
    assert closed == ["close" if kind is Subscription else "aclose"]


@pytest.mark.parametrize("kind", ["generator", "Response", "held"])
def test_context_variables_set_by_the_view_are_seen_by_its_streamed_body(app, client, kind):
    variable = contextvars.ContextVar("variable", default="unset")

    @app.route("/")
    def index():
        variable.set("set")
        body = (f"{variable.get()} {request.path}" for _ in range(1))
        return {"generator": lambda b: b, "Response": Response, "held": stream_with_context}[kind](body)

    assert client.get("/").text == "set /"


def test_an_async_view_may_stream_what_a_sync_hook_prepared(app, client):
    variable = contextvars.ContextVar("variable", default="unset")
    app.before_request(lambda: variable.set("set") and None)

    @app.route("/")
    async def index():
        async def generate():
            yield variable.get()

        return generate()

    assert client.get("/").text == "set"


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def held(app, request):
    """A client of an application whose held streams end in several ways, and what its teardown is told."""
    told = []

    def pieces(how):
        yield "one"
        if how == "raises":
            raise LookupError("half-way")
        yield "two"

    async def later(how):
        for piece in pieces(how):
            await asyncio.sleep(0)
            yield piece

    app.testing = True
    app.add_url_rule("/def/<how>", "sync", lambda how: Response(stream_with_context(pieces(how))))
    app.add_url_rule("/async/<how>", "async", lambda how: Response(stream_with_context(later(how))))
    app.teardown_request(lambda error: told.append(type(error)))
    app.teardown_appcontext(lambda error: told.append(type(error)))
    return app.test_client(protocol=request.param), told


@pytest.mark.parametrize("flavour", ["def", "async"])
def test_the_teardown_is_told_what_a_held_stream_raised(held, flavour):
    client, told = held
    with suppress(Exception):  # what a client of that protocol makes of a broken body
        client.get(f"/{flavour}/raises", buffered=True)
    assert told == [LookupError, LookupError]


@pytest.mark.parametrize("flavour", ["def", "async"])
def test_the_teardown_is_told_of_no_error_where_a_held_stream_came_to_its_end(held, flavour):
    client, told = held
    assert client.get(f"/{flavour}/ends").text == "onetwo"
    assert told == [type(None), type(None)]


def test_the_teardown_is_told_of_a_held_stream_that_was_left_before_its_end_as_in_flask(app):
    told = []
    app.add_url_rule("/", "index", lambda: Response(stream_with_context(iter(["one", "two"]))))
    app.teardown_request(lambda error: told.append(type(error)))
    answer = app.test_client().get("/")
    assert next(answer.iter_encoded()) == b"one"
    answer.close()
    assert told == [GeneratorExit]


def test_an_error_of_a_stream_that_the_view_has_handled_is_not_the_requests(app, client):
    told = []

    def broken():
        yield "one"
        raise LookupError

    def view():
        try:
            return "".join(stream_with_context(broken()))
        except LookupError:
            return "handled"

    app.add_url_rule("/", "index", view)
    app.teardown_request(lambda error: told.append(error))
    assert client.get("/").text == "handled"
    assert told == [None]
