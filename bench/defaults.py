"""What the safe defaults cost: `python -m bench defaults`.

One hello with the default security headers and without any, and one POST that a browser vouched for with the
cross-origin check and without it, on each of the three protocols, in process and in one run: CPU time. The slices
of both sides take turns, and the medians of the rounds' differences are told.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.cases import Case, expect
from bench.drivers import Driver, driver_of
from bench.messages import Request
from bench.report import amount, table

#: Most microseconds that each of them may cost.
TARGET = 0.5
PROTOCOLS = ("wsgi", "asgi", "rsgi")
CALLS = 3000

#: The fields that every answer has by default.
SENT = ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy")

HELLO = Case("hello", "", Request("GET", "/hello"), expect(200, "Hello, World!"))
POST = Case(
    "post",
    "",
    Request("POST", "/hello"),
    expect(200, "Hello, World!"),
)
#: What is measured: the case, and the settings without it.
CASES: dict[str, tuple[Case, dict[str, Any]]] = {
    "security headers": (HELLO, {"SECURITY_HEADERS": dict.fromkeys(SENT), "CSP": None}),
    "cross-origin check": (POST, {"CROSS_ORIGIN_CHECK": False}),
}

#: By case and protocol: microseconds of each round, with and without.
Figures = dict[str, dict[str, list[tuple[float, float]]]]


def _view_for(protocol: str) -> Callable[[], Any]:
    async def hello() -> str:
        return "Hello, World!"

    return (lambda: "Hello, World!") if protocol == "wsgi" else hello


def _driver(case: Case, protocol: str, loop: asyncio.AbstractEventLoop, settings: dict[str, Any]) -> Driver:
    from demijohn import Flask

    app = Flask("defaults", static_folder=None)
    app.config.update(settings)
    app.add_url_rule("/hello", "hello", _view_for(protocol), methods=["GET", "POST"])
    driver = driver_of(case, protocol, app, loop)
    wrong = case.check(driver.once())
    if wrong:
        raise SystemExit(f"{case.name} over {protocol}: {wrong}")
    driver.run(CALLS)
    return driver


def _slice(driver: Driver) -> float:
    begun = time.process_time()
    driver.run(CALLS)
    return (time.process_time() - begun) / CALLS * 1e6


def measure(rounds: int) -> Figures:
    """Run all of it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    figures: Figures = {}
    for name, (case, without) in CASES.items():
        figures[name] = {}
        for protocol in PROTOCOLS:
            usual, bare = (_driver(case, protocol, loop, settings) for settings in ({}, without))
            figures[name][protocol] = [(_slice(usual), _slice(bare)) for _ in range(rounds)]
    loop.close()
    return figures


def text(figures: Figures) -> str:
    """The table and the verdict."""
    lines, worst = [], 0.0
    for name, protocols in figures.items():
        for protocol, taken in protocols.items():
            usual, bare = (statistics.median(side) for side in zip(*taken, strict=True))
            more = statistics.median(with_it - without for with_it, without in taken)
            worst = max(worst, more)
            lines.append([f"{name}, {protocol}", amount(usual), amount(bare), f"{more:.2f}"])
    verdict = "met" if worst <= TARGET else "not met"
    heading = ["", "with, us", "without, us", "difference, us"]
    return f"## Safe defaults, in process\n\n{table(heading, lines)}\n\nEach at most {TARGET} us: {verdict}."
