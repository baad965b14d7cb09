"""Async code under WSGI: one loop per process, which lives on between requests."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn import Flask


@pytest.fixture
def protocol():
    return "wsgi"


def test_all_async_views_under_wsgi_share_one_loop_that_survives(app, client):
    loops = []

    @app.route("/")
    async def index():
        loops.append(asyncio.get_running_loop())
        return "answer"

    for _ in range(3):
        client.get("/")
    assert len(set(loops)) == 1
    assert loops[0].is_running()


def test_a_task_started_by_one_request_is_finished_by_the_time_of_another(app, client):
    """Connection pools and background tasks of async code depend on it."""
    state = {}

    @app.route("/start")
    async def start():
        state["task"] = asyncio.ensure_future(asyncio.sleep(0.02, "done"))
        return "started"

    @app.route("/collect")
    async def collect():
        return await state["task"]

    client.get("/start")
    assert client.get("/collect").text == "done"


def test_the_loop_runs_in_a_thread_of_its_own(app, client):
    @app.route("/")
    async def index():
        return threading.current_thread().name

    assert client.get("/").text == "demijohn-loop"


def test_async_views_of_several_threads_wait_side_by_side(app, client):
    barrier = {}

    @app.route("/<int:number>")
    async def index(number):
        meeting = barrier.setdefault("all", asyncio.Barrier(4))
        async with asyncio.timeout(5):
            await meeting.wait()
        return "met"

    with ThreadPoolExecutor(4) as outside:
        assert list(outside.map(lambda n: app.test_client().get(f"/{n}").text, range(4))) == ["met"] * 4


@pytest.mark.parametrize("left", ["asgi", "rsgi"])
def test_the_loop_of_a_client_of_another_application_is_not_taken(app, client, left):
    """It ends, with all that runs on it, when that client does."""
    other = Flask("other")

    async def name():
        return threading.current_thread().name

    @other.route("/")
    def its_own():
        return other.ensure_sync(name)()

    app.add_url_rule("/", "index", name)
    left_open = other.test_client(protocol=left)
    assert left_open.get("/").text == "test-client"
    assert client.get("/").text == "demijohn-loop"
    assert left_open.get("/").text == "test-client"
