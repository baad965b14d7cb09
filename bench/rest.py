"""Typed views: `python -m bench rest`.

20 nested records in and out (7 KB), the same with two errors in it, and one int and one query parameter to a small
answer, against the frameworks that people validate with, and against msgspec alone in an empty WSGI application.
Each entrant has a process of its own; a round runs every entrant once, and the medians of the CPU times are
compared. All must have answered rightly before they are timed. Last, what a thousand typed routes cost at start.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench import environment
from bench.apps import rest as payload
from bench.drivers import make_driver, start_lifespan
from bench.messages import Answer, Request
from bench.report import amount, table

ENTRANTS = {
    "msgspec alone": ("rest_bare", "wsgi", "/orders"),
    "demijohn": ("rest_demijohn", "wsgi", "/orders"),
    "demijohn-async": ("rest_demijohn", "asgi", "/orders"),
    "demijohn by hand": ("rest_demijohn", "wsgi", "/hand"),
    "litestar": ("rest_litestar", "asgi", "/orders"),
    "blacksheep": ("rest_blacksheep", "asgi", "/orders"),
    "fastapi": ("rest_fastapi", "asgi", "/orders"),
    "flask-openapi3": ("rest_flask_openapi3", "wsgi", "/orders"),
    "flask-smorest": ("rest_smorest", "wsgi", "/orders"),
    "flask-restful": ("rest_restful", "wsgi", "/orders"),
}
DISTRIBUTIONS = ("msgspec", "pydantic", "flask-openapi3", "flask-smorest", "flask-restful", "marshmallow")
CASES = ("hello", "valid", "two errors", "two numbers")
#: Who takes part in a case; all, where none are named.
ONLY = {"msgspec alone": ("valid",), "demijohn by hand": ("valid",)}
SLICE_SECONDS = 0.1
ROUTES = 1000


def _request(case: str, path: str) -> Request:
    if case == "hello":
        return Request(path="/hello")
    if case == "two numbers":
        return Request(path="/things/7", query="page=3")
    body = payload.VALID if case == "valid" else payload.WRONG
    return Request("POST", path, body=body, content_type="application/json")


def _wrong(case: str, answer: Answer) -> str | None:
    """What is wrong with an answer, or None."""
    if case == "two errors":
        return None if 400 <= answer.status < 500 else f"status {answer.status}"
    if answer.status != 200:
        return f"status {answer.status}: {answer.body[:200]!r}"
    if case == "hello":
        return None if answer.body == b"Hello, World!" else "another text"
    wanted = json.loads(payload.VALID) if case == "valid" else {"id": 7, "page": 3}
    return None if json.loads(answer.body) == wanted else f"it answers {answer.body[:200]!r}"


def serve_parent(name: str) -> None:
    """The entrant's side: whether it answers rightly first, then a case's name a line in, its microseconds out."""
    module, protocol, path = ENTRANTS[name]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = importlib.import_module(f"bench.apps.{module}").make(protocol)
    if protocol == "asgi":
        loop.run_until_complete(start_lifespan(app))
    drivers, calls = {}, {}
    told = 0
    for case in ONLY.get(name, CASES):
        driver = drivers[case] = make_driver(protocol, app, [_request(case, path)], loop, 1)
        for _ in range(2):
            answer = driver.once()
            wrong = _wrong(case, answer)
            if wrong is not None:
                raise SystemExit(f"{case}: {wrong}")
        if case == "two errors":
            told = sum(word in answer.body for word in (b"id", b"count"))
        driver.run(50)
        begun = time.process_time()
        driver.run(50)
        calls[case] = max(20, int(SLICE_SECONDS / max((time.process_time() - begun) / 50, 1e-7)))
    print(json.dumps({"told": told}), flush=True)
    for line in sys.stdin:
        case = line.strip()
        begun = time.process_time()
        drivers[case].run(calls[case])
        print(json.dumps((time.process_time() - begun) / calls[case] * 1e6), flush=True)


class Entrant:
    """One entrant's process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [environment.python(), "-m", "bench.rest", name],
            cwd=environment.ROOT, env=environment.child_environ(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        #: How many of the two errors it tells; None when it did not start.
        self.told: int | None = json.loads(line)["told"] if line else None

    def problem(self) -> str | None:
        """Why it cannot take part, or None."""
        if self.told is None:
            return (self.process.communicate()[1].strip().splitlines() or ["it ended"])[-1]
        return None

    def run(self, case: str) -> float:
        """Microseconds of CPU time for each request of a slice."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(case, file=self.process.stdin, flush=True)
        return float(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


#: By case and entrant: microseconds of CPU time, each round's.
Figures = dict[str, dict[str, list[float]]]


def measure(names: Sequence[str], rounds: int) -> tuple[dict[str, Any], list[str]]:
    """Run the entrants called `names` (all when there are none)."""
    problems, ready = [], []
    figures: Figures = {case: {} for case in CASES}
    try:
        for name in names or ENTRANTS:
            entrant = Entrant(name)
            problem = entrant.problem()
            if problem is None:
                ready.append(entrant)
            else:
                problems.append(f"{name}: {problem}")
        for case in CASES:
            running = [one for one in ready if case in ONLY.get(one.name, CASES)]
            for turn in range(rounds):
                first = turn % max(1, len(running))
                for entrant in running[first:] + running[:first]:
                    figures[case].setdefault(entrant.name, []).append(entrant.run(case))
    finally:
        for entrant in ready:
            entrant.close()
    told = {entrant.name: entrant.told for entrant in ready}
    return {"rounds_us": figures, "told": told, "start_seconds": _start(min(rounds, 5))}, problems


_START = f"""
import time
from typing import Annotated
from bench.apps.rest_demijohn import Order, Thing
from demijohn import Flask
from demijohn.ext.rest import Api
app = Flask("start")
api = Api(app, openapi_url=None)
def view(id: int, order: Order, page: int = 1) -> Thing: ...
def plain(id): ...
begun = time.process_time()
for n in range({ROUTES}):
    if KIND:
        api.post(f"/r{{n}}/<int:id>", endpoint=f"r{{n}}")(view)
    else:
        app.post(f"/r{{n}}/<int:id>", endpoint=f"r{{n}}")(plain)
app.get("/hello")(lambda: "hello")
assert app.test_client().get("/hello").text == "hello"
print(time.process_time() - begun)
"""


def _start(rounds: int) -> dict[str, float]:
    """Seconds of CPU time from registering a thousand routes to the first answer, plain and typed."""
    taken: dict[str, list[float]] = {"plain": [], "typed": []}
    for _ in range(rounds):
        for kind, seconds in taken.items():
            script = _START.replace("KIND", str(kind == "typed"))
            done = subprocess.run(
                [environment.python(), "-c", script], cwd=environment.ROOT, env=environment.child_environ(),
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            seconds.append(float(done.stdout))
    return {kind: statistics.median(seconds) for kind, seconds in taken.items()}


def text(result: dict[str, Any], problems: Sequence[str]) -> str:
    """The table, what was to be reached, and the problems."""
    costs = {
        case: {name: statistics.median(rounds) for name, rounds in by_name.items()}
        for case, by_name in result["rounds_us"].items()
    }
    rows = []
    for name in ENTRANTS:
        cells = [amount(costs[case][name]) if name in costs[case] else "" for case in CASES]
        rows.append([name, *cells, str(result["told"].get(name) or "")])
    parts = [
        "## Typed views, in process (CPU time)",
        table(["", *(f"{case}, us" for case in CASES), "errors told"], rows),
        "\n".join(f"- {line}" for line in _verdicts(costs, result["start_seconds"])),
    ]
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)


def _verdicts(costs: dict[str, dict[str, float]], start: dict[str, float]) -> list[str]:
    """What was to be reached, and what was."""
    lines = []
    valid, errors, numbers = costs["valid"], costs["two errors"], costs["two numbers"]
    bare = valid.get("msgspec alone")
    for name, wanted in (("demijohn", 1.4), ("demijohn-async", 1.7)):
        if bare is not None and name in valid:
            ratio = valid[name] / bare
            lines.append(
                f"{name}, valid: {ratio:.2f} x msgspec alone, to be {wanted} x {_met(ratio <= wanted)}"
            )
    if "fastapi" in errors and "demijohn" in errors:
        ratio = errors["demijohn"] / errors["fastapi"]
        lines.append(f"demijohn, two errors: {ratio:.2f} x FastAPI, to be under 1 {_met(ratio < 1)}")
    if "demijohn" in numbers:
        more = numbers["demijohn"] - costs["hello"]["demijohn"]
        lines.append(f"demijohn, two numbers: hello and {more:.1f} us, to be 6 us {_met(more <= 6)}")
    more = start["typed"] - start["plain"]
    lines.append(f"{ROUTES} typed routes: {more:.2f} s more at start, to be 0.3 s {_met(more <= 0.3)}")
    return lines


def _met(met: bool) -> str:
    return "(met)" if met else "(MISSED)"


def main() -> None:
    """An entrant's process: `python -m bench.rest NAME`."""
    parser = argparse.ArgumentParser(prog="python -m bench.rest", description=__doc__)
    parser.add_argument("name", choices=ENTRANTS)
    serve_parent(parser.parse_args().name)


if __name__ == "__main__":
    main()
