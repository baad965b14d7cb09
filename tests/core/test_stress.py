"""Fault 12 and case 71: thousands of requests at once, of every kind of code, and none sees another's data."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn import (
    after_this_request,
    copy_current_request_context,
    g,
    render_template_string,
    request,
    session,
    stream_with_context,
)
from demijohn.testing import AsyncFlaskClient

REQUESTS = 3400  # on each of three protocols: over 10,000 in all


class Crossing(AssertionError):
    """Something of another request was seen."""


def check(where):
    """Everything that belongs to a request says the same id, which is that of the path."""
    wanted = request.path.rpartition("/")[2]
    seen = {
        "g": g.get("id", wanted),
        "argument": request.args["id"],
        "header": request.headers["X-Id"],
        "session": session.get("id", wanted),
        "route": request.view_args["id"],
    }
    if set(seen.values()) != {wanted}:
        raise Crossing(f"in {where} of {wanted}: {seen}")
    return wanted


@pytest.fixture
def site(app):
    app.config["THREADS"] = 8
    app.crossings = crossings = []
    app.torn_down = torn_down = [0]
    lock = threading.Lock()

    @app.before_request
    def before():
        g.id = request.args["id"]
        session["id"] = request.args["id"]
        check("before")

    @app.after_request
    def after(response):
        response.headers["X-Id"] = check("after")
        return response

    @app.teardown_request
    def teardown(exc):
        with lock:
            torn_down[0] += 1
        if exc is not None:
            crossings.append(exc)
        check("teardown")

    @app.route("/sync/<id>")
    def sync(id):
        if random.random() < 0.05:
            time.sleep(0.001)
        after_this_request(lambda response: check("after this") and response)
        return check("sync view")

    @app.route("/async/<id>")
    async def later(id):
        await asyncio.sleep(random.choice([0, 0, 0.001]))
        return check("async view")

    @app.route("/tasks/<id>")
    async def tasks(id):
        async def part():
            await asyncio.sleep(0)
            return check("task")

        found = set(await asyncio.gather(part(), part(), asyncio.to_thread(check, "thread of a task")))
        return found.pop() if len(found) == 1 else "crossed"

    threads = ThreadPoolExecutor(4)

    @app.route("/threads/<id>")
    def in_threads(id):
        job = threads.submit(copy_current_request_context(lambda: check("thread")))
        return job.result(10) if check("view") == id else "crossed"

    @app.route("/template/<id>")
    def template(id):
        return render_template_string("{{ g.id if g.id == request.args.id == session.id else 'crossed' }}")

    @app.route("/stream/<id>")
    def stream(id):
        return stream_with_context(check("streamed body") if n == 0 else "" for n in range(3))

    @app.route("/error/<id>")
    def error(id):
        raise LookupError(id)

    @app.errorhandler(LookupError)
    async def handler(e):
        await asyncio.sleep(0)
        return check("handler") if str(e) == request.view_args["id"] else "crossed"

    yield app
    threads.shutdown()


KINDS = ["sync", "async", "tasks", "threads", "template", "stream", "error"]

#: A copied context is torn down on its own, so a request of that kind is so twice.
TEARDOWNS = REQUESTS + sum(KINDS[number % len(KINDS)] == "threads" for number in range(REQUESTS))


def wrong(number, status, text, header):
    return None if (status, text, header) == (200, str(number), str(number)) else (number, status, text[:200])


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_case_71_and_fault_12_no_request_sees_anothers_data_under_wsgi(site):
    """From 16 threads, as a threaded server calls."""
    clients = threading.local()

    def go(number):
        client = clients.__dict__.setdefault("client", None) or site.test_client(use_cookies=False)
        clients.client = client
        kind = KINDS[number % len(KINDS)]
        answer = client.get(f"/{kind}/{number}?id={number}", headers={"X-Id": str(number)})
        text = answer.text
        answer.close()
        return wrong(number, answer.status_code, text, answer.headers.get("X-Id"))

    with ThreadPoolExecutor(16) as outside:
        assert [told for told in outside.map(go, range(REQUESTS)) if told] == []
    assert site.crossings == []
    assert site.torn_down == [TEARDOWNS]


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_case_71_and_fault_12_no_request_sees_anothers_data_under(site, protocol):
    """From 64 tasks on one loop, as an async server calls."""

    async def everything():
        client = AsyncFlaskClient(site, site.response_class, protocol=protocol, use_cookies=False)
        numbers = iter(range(REQUESTS))
        found = []

        async def visitor():
            for number in numbers:
                kind = KINDS[number % len(KINDS)]
                answer = await client.get(f"/{kind}/{number}?id={number}", headers={"X-Id": str(number)})
                found.append(wrong(number, answer.status_code, answer.text, answer.headers.get("X-Id")))

        await asyncio.gather(*(visitor() for _ in range(64)))
        return found

    found = asyncio.run(everything())
    assert len(found) == REQUESTS
    assert [told for told in found if told] == []
    assert site.crossings == []
    assert site.torn_down == [TEARDOWNS]


def test_a_crossing_would_be_seen(site):
    """The stress tests can fail: a view that keeps its request's data in a global is caught."""
    kept = {}

    @site.route("/global/<id>")
    async def leaky(id):
        kept["id"] = id
        await asyncio.sleep(0.01)
        g.id = kept["id"]
        return check("leaky view")

    async def two():
        client = AsyncFlaskClient(site, site.response_class, use_cookies=False)
        return await asyncio.gather(
            *(client.get(f"/global/{n}?id={n}", headers={"X-Id": str(n)}) for n in range(2))
        )

    answers = asyncio.run(two())
    assert sorted(answer.status_code for answer in answers) == [200, 500]
    assert any(isinstance(e, Crossing) for e in site.crossings)
