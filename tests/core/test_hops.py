"""Where a request runs under an event loop: in place when nothing can block, else in as few hops as can be."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn import stream_with_context
from demijohn.extend import call
from demijohn.waiting.pool import ThreadPool


@pytest.fixture(params=["asgi", "rsgi"])
def protocol(request):
    """These promises are about event loops."""
    return request.param


@pytest.fixture
def hops(monkeypatch):
    """Counts the jobs given to the thread pool, and gives them on."""
    counted = []
    run = ThreadPool.run

    def counting(self, *args):
        counted.append(args)
        return run(self, *args)

    monkeypatch.setattr(ThreadPool, "run", counting)
    return counted


@pytest.fixture
def threads(app):
    """The names of the threads that the functions of a request ran in."""
    return []


def note(threads, value=None):
    def function(*args):
        threads.append(threading.current_thread())
        return args[0] if args else value

    return function


def note_async(threads, value=None):
    async def function(*args):
        threads.append(threading.current_thread())
        await asyncio.sleep(0)
        return args[0] if args else value

    return function


def test_an_all_sync_request_is_one_hop_from_hooks_to_teardown(app, client, hops, threads):
    app.before_request(note(threads))
    app.after_request(note(threads))
    app.teardown_request(note(threads))
    app.add_url_rule("/", "index", note(threads, "answer"))
    assert client.get("/").text == "answer"
    assert len(hops) == 1
    assert len(set(threads)) == 1
    assert threads[0].name.startswith("demijohn-")


def test_an_all_async_request_never_leaves_the_loop(app, client, hops, threads):
    app.before_request(note_async(threads))
    app.after_request(note_async(threads))
    app.teardown_request(note_async(threads))
    app.teardown_appcontext(note_async(threads))
    app.add_url_rule("/", "index", note_async(threads, "answer"))
    assert client.get("/").text == "answer"
    assert hops == []
    assert len(set(threads)) == 1


def test_an_all_async_request_makes_no_task(app, client):
    """Its coroutine is awaited where the server's own is: the running task is the same in every hook."""
    tasks = []

    async def note_task(*args):
        tasks.append(asyncio.current_task())
        return args[0] if args else None

    app.before_request(note_task)
    app.after_request(note_task)

    @app.route("/")
    async def index():
        tasks.append(asyncio.current_task())
        return "answer"

    client.get("/")
    assert len(tasks) == 3
    assert len(set(tasks)) == 1


def test_sync_functions_side_by_side_share_a_hop(app, client, hops, threads):
    """Two sync hooks, an async view, two sync hooks and a teardown: one hop before the view, one after."""
    for register in (app.before_request, app.before_request, app.after_request, app.after_request):
        register(note(threads))
    app.teardown_request(note(threads))
    app.add_url_rule("/", "index", note_async(threads, "answer"))
    assert client.get("/").text == "answer"
    assert len(hops) == 2
    assert len({thread for thread in threads if thread.name.startswith("demijohn-")}) in (1, 2)
    assert [thread.name.startswith("demijohn-") for thread in threads] == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]


def test_a_sync_view_between_async_hooks_is_run_off_the_loop(app, client, threads):
    app.before_request(note_async(threads))
    app.after_request(note_async(threads))
    app.add_url_rule("/", "index", note(threads, "answer"))
    assert client.get("/").text == "answer"
    assert [thread.name.startswith("demijohn-") for thread in threads] == [False, True, False]


def test_a_sync_error_handler_of_an_async_view_is_run_off_the_loop(app, client, threads):
    @app.route("/")
    async def index():
        raise ValueError

    app.register_error_handler(ValueError, lambda e: note(threads)() or "handled")
    assert client.get("/").text == "handled"
    assert threads[0].name.startswith("demijohn-")


def test_a_view_that_does_not_block_is_called_on_the_loop(app, client, hops, threads):
    app.add_url_rule("/", "index", note(threads, "answer"), blocking=False)
    assert client.get("/").text == "answer"
    assert hops == []


def test_an_application_that_does_not_block_never_hops(app, client, hops, threads):
    app.blocking = False
    app.before_request(note(threads))
    app.teardown_request(note(threads))
    app.add_url_rule("/", "index", note(threads, "answer"))
    assert client.get("/").text == "answer"
    assert hops == []


def test_blocking_views_leave_room_for_async_ones(app, client):
    """Fault 13 in small: as many blocked sync views as there are threads, and an async view still answers."""
    app.config["THREADS"] = 2
    release = threading.Event()
    app.add_url_rule("/blocked", "blocked", lambda: release.wait(10) and "released")

    @app.route("/health")
    async def health():
        return "ok"

    client.get("/health")  # starts the client's loop, once
    with ThreadPoolExecutor(4) as outside:
        blocked = [outside.submit(client.get, "/blocked") for _ in range(4)]
        assert client.get("/health").text == "ok"
        assert not any(future.done() for future in blocked)
        release.set()
        assert [future.result(10).text for future in blocked] == ["released"] * 4


@pytest.mark.parametrize(
    "hook", ["before_request", "after_request", "teardown_request", "teardown_appcontext"]
)
def test_what_an_async_request_needs_of_a_thread_does_not_wait_for_views(app, client, hook):
    """As many views as can be wait for something, more stand in line: a sync hook of an async view runs at once."""
    app.config["THREADS"] = 2
    release = threading.Event()
    app.add_url_rule("/blocked", "blocked", lambda: release.wait(10) and "released")
    getattr(app, hook)(lambda *args: args[0] if args else None)

    @app.route("/async")
    async def async_view():
        return "ok"

    app.add_url_rule("/healthz", "healthz", lambda: "well", blocking=False)
    client.get("/async")  # starts the client's loop, once
    with ThreadPoolExecutor(4) as outside:
        blocked = [outside.submit(client.get, "/blocked") for _ in range(4)]
        try:
            answers = [client.get(path).status_code for path in ("/async", "/healthz", "/nowhere")]
            assert answers == [200, 200, 404]
            assert not any(future.done() for future in blocked)
        finally:
            release.set()
        assert [future.result(10).text for future in blocked] == ["released"] * 4


@pytest.mark.parametrize("held", [False, True], ids=["plain", "held"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_stream_that_has_begun_comes_to_its_end_beside_blocked_views(app, client, kind, held):
    app.config["THREADS"] = 2
    release = threading.Event()
    torn_down_in = []
    app.add_url_rule("/blocked", "blocked", lambda: release.wait(10) and "released")
    app.teardown_request(lambda error: torn_down_in.append(threading.current_thread().name))

    def parts():
        yield "a"
        yield "b"

    async def async_parts():
        yield "a"
        yield "b"

    @app.route("/stream")
    async def stream():
        body = parts() if kind == "sync" else async_parts()
        return app.response_class(stream_with_context(body) if held else body)

    client.get("/nowhere")  # starts the client's loop, once
    torn_down_in.clear()
    with ThreadPoolExecutor(4) as outside:
        blocked = [outside.submit(client.get, "/blocked") for _ in range(4)]
        try:
            assert client.get("/stream").text == "ab"
            # Never on the loop itself: a teardown function may block.
            assert len(torn_down_in) == 1
            assert "demijohn-steps" in torn_down_in[0] or "demijohn-parts" in torn_down_in[0]
        finally:
            release.set()
        for future in blocked:
            future.result(10)


def test_a_loader_that_an_async_view_waits_for_does_not_wait_for_views(app, client):
    app.config["THREADS"] = 1
    release = threading.Event()
    app.add_url_rule("/blocked", "blocked", lambda: release.wait(10) and "released")

    @app.route("/async")
    async def async_view():
        return await call(lambda: threading.current_thread().name)

    client.get("/async")  # starts the client's loop, once
    with ThreadPoolExecutor(2) as outside:
        blocked = [outside.submit(client.get, "/blocked") for _ in range(2)]
        try:
            client.get("/nowhere")
            assert client.get("/async").text.startswith("demijohn-steps")
        finally:
            release.set()
        for future in blocked:
            future.result(10)


def test_a_lane_without_jobs_has_no_threads():
    """What an application does not use costs it nothing, however many threads it may have."""
    loop = asyncio.new_event_loop()
    try:
        pool = ThreadPool(loop, 32)
        before = threading.active_count()
        assert (pool.steps.size, pool.parts.size) == (32, 32)
        assert threading.active_count() == before
    finally:
        loop.close()


def test_no_more_threads_run_than_the_setting_allows(app, client):
    app.config["THREADS"] = 3
    running, most, lock = [0], [0], threading.Lock()

    @app.route("/")
    def index():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.02)
        with lock:
            running[0] -= 1
        return "answer"

    client.get("/")  # starts the client's loop, once
    with ThreadPoolExecutor(12) as outside:
        answers = list(outside.map(lambda _: client.get("/").text, range(24)))
    assert answers == ["answer"] * 24
    assert most[0] == 3
