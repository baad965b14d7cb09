"""Before, while and after serving: once per worker, in order, and nothing is forgotten when one fails."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demijohn import current_app, g
from demijohn.testing import AsyncFlaskClient


@pytest.fixture
def served(app, reach):
    """Serve `app` from start-up to shutdown, in a block; the client is given."""
    app.add_url_rule("/", "index", lambda: "answer")
    return lambda: reach(app, lifespan=True)


def test_functions_run_around_serving_in_order_whatever_their_kind(app, served):
    order = []
    app.before_serving(lambda: order.append("before"))
    app.after_serving(lambda: order.append("after"))

    @app.before_serving
    async def before():
        await asyncio.sleep(0)
        order.append("async before")

    @app.after_serving
    async def after():
        await asyncio.sleep(0)
        order.append("async after")

    @app.while_serving
    async def around():
        order.append("enter")
        yield
        order.append("leave")

    @app.while_serving
    def around_sync():
        order.append("sync enter")
        yield
        order.append("sync leave")

    with served() as client:
        assert order == ["before", "async before", "enter", "sync enter"]
        client.get("/")
    assert order[4:] == ["sync leave", "leave", "after", "async after"]


def test_functions_around_serving_have_an_application_context(app, served):
    seen = []
    app.before_serving(lambda: seen.append(current_app._get_current_object()))
    app.after_serving(lambda: seen.append(current_app._get_current_object()))
    with served():
        pass
    assert seen == [app, app]


def test_what_starts_runs_once_however_many_requests_come(app, served):
    count = []
    app.before_serving(lambda: count.append(1))
    with served() as client:
        for _ in range(3):
            client.get("/")
    assert count == [1]


def test_without_a_server_that_says_when_the_first_request_starts(app, client):
    order = []
    app.before_serving(lambda: order.append("before"))
    app.add_url_rule("/", "index", lambda: order.append("view") or "answer")
    client.get("/")
    client.get("/")
    assert order == ["before", "view", "view"]


def test_fault_18_a_start_up_that_fails_is_told_with_its_reason(app, served):
    @app.before_serving
    async def fail():
        raise OSError("no database here")

    with pytest.raises(Exception, match="no database here"):
        served().__enter__()


def test_fault_18_no_request_is_served_before_the_start_up_has_succeeded(app, client):
    """Where the server goes on all the same, each request tries again."""
    tries, left = [], []

    @app.while_serving
    def around():
        yield
        left.append("undone")

    @app.while_serving
    def fail_twice():
        tries.append(1)
        if len(tries) <= 2:
            raise OSError("no database yet")
        yield

    app.add_url_rule("/", "index", lambda: "answer")
    for _ in range(2):
        with pytest.raises(OSError, match="no database yet"):
            client.get("/")
    assert client.get("/").text == "answer"
    assert (len(tries), left) == (3, ["undone"] * 2)


def test_a_shutdown_function_that_fails_lets_the_others_run(app, served):
    order = []

    @app.after_serving
    def fail():
        order.append("failing")
        raise ValueError("in shutdown")

    app.after_serving(lambda: order.append("next"))
    client = served()
    client.__enter__()
    with pytest.raises(Exception, match="in shutdown"):
        client.__exit__(None, None, None)
    assert order == ["failing", "next"]


def test_a_while_serving_function_without_yield_is_an_error_that_says_so(app, served):
    @app.while_serving
    async def around():
        return
        yield

    with pytest.raises(Exception, match="without a yield"):
        served().__enter__()


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_a_background_task_is_awaited_at_shutdown(app, served, is_async):
    done = []

    async def later():
        await asyncio.sleep(0.05)
        done.append(1)

    def blocking():
        time.sleep(0.05)
        done.append(1)

    @app.route("/start")
    def start():
        app.add_background_task(later if is_async else blocking)
        return "started"

    with served() as client:
        assert client.get("/start").text == "started"
    assert done == [1]


def test_a_background_task_that_takes_too_long_is_cancelled_and_counted(app, served, caplog):
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.05
    cancelled = []

    async def endless():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    @app.route("/start")
    async def start():
        app.add_background_task(endless)
        return "started"

    with served() as client:
        client.get("/start")
    assert cancelled == [1]
    assert "1 background tasks were cancelled" in caplog.text


def test_the_failure_of_a_background_task_is_logged_and_harms_nobody(app, client, caplog):
    done = threading.Event()
    app.teardown_appcontext(lambda exc: done.set() if g.get("task") else None)

    async def fail():
        g.task = True
        raise ValueError("in the background")

    @app.route("/")
    def index():
        app.add_background_task(fail)
        return "answer"

    assert client.get("/").text == "answer"
    assert done.wait(20)
    end = time.monotonic() + 5
    while "in the background" not in caplog.text and time.monotonic() < end:
        time.sleep(0.01)
    assert "in the background" in caplog.text
    assert client.get("/").text == "answer"


def test_a_background_task_does_not_keep_the_answer_waiting(app, client):
    release, done = threading.Event(), threading.Event()

    def work():
        release.wait(20)
        done.set()

    @app.route("/")
    def index():
        app.add_background_task(work)
        return "answer"

    assert client.get("/").text == "answer"
    assert not done.is_set()
    release.set()
    assert done.wait(20)


def test_a_background_task_is_awaited_when_a_wsgi_server_ends(tmp_path):
    """Such a server says nothing at its end: the end of the process is the sign."""
    script = tmp_path / "serving.py"
    script.write_text(
        "import time\n"
        "from demijohn import Flask\n"
        "app = Flask('serving')\n"
        "def work():\n"
        "    time.sleep(0.2)\n"
        "    print('done', flush=True)\n"
        "@app.route('/')\n"
        "def index():\n"
        "    app.add_background_task(work)\n"
        "    return 'answer'\n"
        "print(app.test_client().get('/').text)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    assert subprocess.check_output([sys.executable, script], env=env, text=True) == "answer\ndone\n"


@pytest.fixture
def slowly(app):
    """An application whose start-up takes a while, and a view that tells whether it was over."""
    state = {"ready": False, "starts": 0}

    @app.before_serving
    async def start():
        state["starts"] += 1
        await asyncio.sleep(0.1)
        state["ready"] = True

    app.add_url_rule("/", "index", lambda: str(state["ready"]))
    return state


def test_first_requests_at_once_wait_for_one_start_up_under_wsgi(app, slowly):
    with ThreadPoolExecutor(6) as outside:
        answers = list(outside.map(lambda _: app.test_client().get("/").text, range(6)))
    assert answers == ["True"] * 6
    assert slowly["starts"] == 1


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_first_requests_at_once_wait_for_one_start_up_on_a_loop(app, slowly, protocol):
    async def everything():
        client = AsyncFlaskClient(app, app.response_class, protocol=protocol)
        return [answer.text for answer in await asyncio.gather(*(client.get("/") for _ in range(6)))]

    assert asyncio.run(everything()) == ["True"] * 6
    assert slowly["starts"] == 1


@pytest.mark.timeout(20)
def test_a_start_up_function_may_make_a_request_to_its_own_application(app, client):
    """To warm something up; it is served by what is ready by then."""
    warmed = []
    app.add_url_rule("/", "index", lambda: "answer")

    @app.before_serving
    def warm():
        warmed.append(app.test_client().get("/").text)

    assert client.get("/").text == "answer"
    assert warmed == ["answer"]
