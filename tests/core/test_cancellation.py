"""Fault 2: a request whose server gives it up is torn down, wherever it was when that happened."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from demijohn import g, request

SCOPE = {
    "type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
    "headers": [(b"host", b"own.example")],
}  # fmt: skip


@pytest.fixture
def order(app):
    """What ran, with teardown functions of both kinds that note it."""
    noted = []

    @app.teardown_request
    def teardown(exc):
        noted.append(("def", type(exc).__name__, request.path))

    @app.teardown_request
    async def later(exc):
        await asyncio.sleep(0)
        noted.append(("async def", type(exc).__name__, request.path))

    return noted


def give_up(app, when, over, given_up=None):
    """Serve one request and cancel it once `when` is set; wait for what is done besides until `over()`.

    `given_up` is set then, for those who wait for it.
    """

    async def inside():
        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            pytest.fail(f"something was answered: {message}")

        task = asyncio.ensure_future(app(SCOPE, receive, send))
        assert await asyncio.to_thread(when.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if given_up is not None:
            given_up.set()

    async def outside():
        await inside()
        end = time.monotonic() + 20
        while not over() and time.monotonic() < end:
            await asyncio.sleep(0.01)

    asyncio.run(outside())


TORN_DOWN = [("async def", "CancelledError", "/"), ("def", "CancelledError", "/")]


def test_fault_2_a_request_cancelled_while_an_async_view_waits_is_torn_down(app, order):
    began = threading.Event()

    @app.route("/")
    async def index():
        began.set()
        await asyncio.sleep(60)

    give_up(app, began, lambda: len(order) == 2)
    assert order == TORN_DOWN


@pytest.mark.filterwarnings("error")
def test_fault_2_a_request_cancelled_while_a_thread_runs_a_hook_is_torn_down_by_the_thread(app, order):
    began, given_up = threading.Event(), threading.Event()

    @app.before_request
    def before():
        g.kept = True
        began.set()
        given_up.wait(20)

    @app.route("/")
    async def index():
        pytest.fail("the view ran though the request was given up")

    give_up(app, began, lambda: len(order) == 2, given_up)
    assert order == TORN_DOWN


def test_fault_2_a_request_cancelled_while_a_thread_runs_all_of_it_is_finished_by_the_thread(app):
    began, given_up, order = threading.Event(), threading.Event(), []
    app.teardown_request(lambda exc: order.append(exc))

    @app.route("/")
    def index():
        began.set()
        given_up.wait(20)
        order.append("view")
        return "for nobody"

    give_up(app, began, lambda: len(order) == 2, given_up)
    assert order == ["view", None]


def test_fault_2_a_request_cancelled_in_an_async_teardown_runs_the_others(app):
    began, order = threading.Event(), []
    app.teardown_request(lambda exc: order.append("first registered, so last"))

    @app.teardown_request
    async def waits(exc):
        began.set()
        await asyncio.sleep(60)

    app.add_url_rule("/", "index", lambda: "answer")
    give_up(app, began, lambda: order)
    assert order == ["first registered, so last"]


def test_the_next_request_is_served(app, order):
    began, given_up = threading.Event(), threading.Event()

    @app.before_request
    def before():
        began.set()
        given_up.wait(20)

    @app.route("/")
    async def index():
        return "answer"

    give_up(app, began, lambda: len(order) == 2, given_up)
    order.clear()
    client = app.test_client(protocol="asgi")
    assert client.get("/").text == "answer"
    client.close()
    assert [entry[1] for entry in order] == ["NoneType", "NoneType"]
