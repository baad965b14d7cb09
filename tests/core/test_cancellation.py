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


def give_up(app, when):
    """Serve one request and cancel it once `when` is set; wait a little for what is done besides."""

    async def inside():
        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            pytest.fail(f"something was answered: {message}")

        task = asyncio.ensure_future(app(SCOPE, receive, send))
        await asyncio.to_thread(when.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task

    async def outside():
        await inside()
        await asyncio.sleep(0.3)

    asyncio.run(outside())


TORN_DOWN = [("async def", "CancelledError", "/"), ("def", "CancelledError", "/")]


def test_fault_2_a_request_cancelled_while_an_async_view_waits_is_torn_down(app, order):
    began = threading.Event()

    @app.route("/")
    async def index():
        began.set()
        await asyncio.sleep(60)

    give_up(app, began)
    assert order == TORN_DOWN


@pytest.mark.filterwarnings("error")
def test_fault_2_a_request_cancelled_while_a_thread_runs_a_hook_is_torn_down_by_the_thread(app, order):
    began = threading.Event()

    @app.before_request
    def before():
        g.kept = True
        began.set()
        time.sleep(0.1)

    @app.route("/")
    async def index():
        pytest.fail("the view ran though the request was given up")

    give_up(app, began)
    assert order == TORN_DOWN


def test_fault_2_a_request_cancelled_while_a_thread_runs_all_of_it_is_finished_by_the_thread(app):
    began, order = threading.Event(), []
    app.teardown_request(lambda exc: order.append(exc))

    @app.route("/")
    def index():
        began.set()
        time.sleep(0.1)
        order.append("view")
        return "for nobody"

    give_up(app, began)
    assert order == ["view", None]


def test_fault_2_a_request_cancelled_in_an_async_teardown_runs_the_others(app):
    began, order = threading.Event(), []
    app.teardown_request(lambda exc: order.append("first registered, so last"))

    @app.teardown_request
    async def waits(exc):
        began.set()
        await asyncio.sleep(60)

    app.add_url_rule("/", "index", lambda: "answer")
    give_up(app, began)
    assert order == ["first registered, so last"]


def test_the_next_request_is_served(app, order):
    began = threading.Event()

    @app.before_request
    def before():
        began.set()
        time.sleep(0.05)

    @app.route("/")
    async def index():
        return "answer"

    give_up(app, began)
    order.clear()
    client = app.test_client(protocol="asgi")
    assert client.get("/").text == "answer"
    client.close()
    assert [entry[1] for entry in order] == ["NoneType", "NoneType"]
