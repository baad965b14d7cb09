"""Every teardown function runs, whatever went wrong before it, and the answer is not harmed."""

from __future__ import annotations

import asyncio
import time

import pytest

from demijohn import request_tearing_down, stream_with_context


def failing(order, name, is_async=False):
    def teardown(exc):
        order.append(name)
        raise RuntimeError(f"{name} failed")

    async def later(exc):
        await asyncio.sleep(0)
        teardown(exc)

    return later if is_async else teardown


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_fault_7_all_teardown_functions_run_though_each_raises(app, client, caplog, is_async):
    order = []
    app.teardown_appcontext(failing(order, "app 1", is_async))
    app.teardown_appcontext(failing(order, "app 2"))
    app.teardown_request(failing(order, "request 1", is_async))
    app.teardown_request(failing(order, "request 2"))
    app.add_url_rule("/", "index", lambda: "intact")
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (200, "intact")
    assert order == ["request 2", "request 1", "app 2", "app 1"]
    assert [record.exc_info[1].args[0] for record in caplog.records] == [f"{name} failed" for name in order]


def test_fault_7_in_testing_the_first_error_is_raised_after_all_have_run(app, client):
    app.testing = True
    order = []
    app.teardown_request(failing(order, "second"))
    app.teardown_request(failing(order, "first"))
    app.add_url_rule("/", "index", lambda: "never seen")
    with pytest.raises(RuntimeError, match="first failed"):
        client.get("/")
    assert order == ["first", "second"]


def test_fault_7_the_next_request_is_not_harmed(app, client):
    app.teardown_request(failing([], "always"))
    app.add_url_rule("/<int:number>", "index", lambda number: str(number))
    assert [client.get(f"/{number}").text for number in range(3)] == ["0", "1", "2"]


@pytest.mark.parametrize("where", ["before", "view", "after", "handler"])
def test_teardown_functions_run_when_something_else_failed(app, client, where):
    order = []

    def fail(*args):
        raise ValueError(where)

    app.teardown_request(lambda exc: order.append(type(exc)))
    if where == "before":
        app.before_request(fail)
    if where == "after":
        app.after_request(fail)
    if where == "handler":
        app.register_error_handler(ValueError, fail)
    app.add_url_rule("/", "index", lambda: "answer" if where == "after" else fail())
    assert client.get("/").status_code == 500
    assert order == [ValueError]


def test_the_signal_is_sent_after_the_functions(app, client):
    order = []
    app.teardown_request(lambda exc: order.append("function"))
    app.add_url_rule("/", "index", lambda: "answer")
    receiver = lambda sender, **extra: order.append("signal")  # noqa: E731
    with request_tearing_down.connected_to(receiver, app):
        client.get("/")
    assert order == ["function", "signal"]


@pytest.mark.parametrize("view", ["sync", "async"])
def test_a_held_stream_is_torn_down_after_its_last_part(app, client, view):
    order = []
    app.teardown_request(lambda exc: order.append("teardown"))

    @app.route("/sync")
    def sync():
        def generate():
            for part in "ab":
                order.append(part)
                yield part

        return stream_with_context(generate())

    @app.route("/async")
    async def later():
        async def generate():
            for part in "ab":
                order.append(part)
                yield part

        return stream_with_context(generate())

    assert client.get(f"/{view}").text == "ab"
    assert order == ["a", "b", "teardown"]


def test_a_held_stream_that_breaks_is_torn_down_too(app, client):
    order = []
    app.teardown_request(lambda exc: order.append("teardown"))

    @app.route("/")
    def index():
        def generate():
            yield "a"
            raise ValueError("in mid-stream")

        return stream_with_context(generate())

    answer = client.get("/")
    with pytest.raises(Exception):  # noqa: PT011 (each protocol shows truncation in its own way)
        assert answer.data
    answer.close()
    assert order == ["teardown"]


def test_a_held_stream_whose_client_leaves_is_closed_and_torn_down(app, client):
    order = []
    app.teardown_request(lambda exc: order.append("teardown"))

    @app.route("/")
    def index():
        def generate():
            try:
                while True:
                    yield "x" * 10_000
            finally:
                order.append("closed")

        return stream_with_context(generate())

    answer = client.get("/")
    next(iter(answer.response))
    answer.close()
    for _ in range(200):
        if len(order) == 2:
            break
        time.sleep(0.01)
    assert order == ["closed", "teardown"]


def test_stream_with_context_outside_of_a_request_is_an_error():
    with pytest.raises(RuntimeError, match="stream_with_context"):
        stream_with_context(iter("ab"))


def test_stream_with_context_decorates_a_generator_function(app, client):
    @app.route("/<word>")
    def index(word):
        @stream_with_context
        def generate(times):
            for _ in range(times):
                yield word

        return generate(3)

    assert client.get("/x").text == "xxx"


@pytest.mark.parametrize("place", ["background task", "held async stream"])
def test_fault_7_all_teardown_functions_run_where_async_ones_raise_elsewhere(app, client, caplog, place):
    """Not only around a view: after a background task and after a stream that kept its request."""
    order = []
    app.teardown_appcontext(lambda exc: order.append("last"))
    app.teardown_appcontext(failing(order, "fails", is_async=True))

    async def nothing():
        await asyncio.sleep(0)

    @app.route("/")
    async def index():
        if place == "background task":
            app.add_background_task(nothing)
            return "answer"

        async def generate():
            yield "answer"

        return stream_with_context(generate())

    assert client.get("/", buffered=True).text == "answer"
    expected = ["fails", "last"] * (2 if place == "background task" else 1)
    end = time.monotonic() + 5
    while len(order) < len(expected) and time.monotonic() < end:
        time.sleep(0.01)
    assert sorted(order) == sorted(expected)
    assert "fails failed" in caplog.text
