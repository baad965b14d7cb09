"""The kind with a database: `python -m bench database`.

A query page and `fortunes`, on SQLite and PostgreSQL, sync and async, against Flask with Flask-SQLAlchemy,
Django, and FastAPI with SQLAlchemy. Each entrant has a process of its own; a round runs every entrant once, and
the medians of the rounds are compared. The time is the clock's, one request after another, for a query waits for
its database; beside it stands the CPU time of the entrant's own process. All entrants must have given the same
answers before they are timed.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import environment
from bench.apps import database as rows
from bench.drivers import make_driver, start_lifespan
from bench.messages import Request
from bench.report import amount, table

ENTRANTS = {
    "demijohn": ("database_demijohn", "wsgi"),
    "flask": ("database_flask", "wsgi"),
    "django": ("database_django", "wsgi"),
    "demijohn-async": ("database_demijohn", "asgi"),
    "fastapi": ("database_fastapi", "asgi"),
}
#: What the entrants stand on, for the report.
DISTRIBUTIONS = ("flask-sqlalchemy", "sqlalchemy", "aiosqlite", "psycopg")
KINDS = ("sqlite", "postgresql")
CASES = {"query": "/world", "fortunes": "/fortunes"}
#: Whom each of ours has to be ahead of.
AHEAD_OF = {"demijohn": "flask", "demijohn-async": "fastapi"}
CALLS = 300
#: Answers of each case that all entrants must agree on; the rows asked for are the same ones in each process.
COMPARED = 20


def serve_parent(name: str, address: str) -> None:
    """The entrant's side: its answers first, then a case's name a line in, its seconds out."""
    module, protocol = ENTRANTS[name]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = importlib.import_module(f"bench.apps.{module}").make(address, protocol)
    if protocol == "asgi":
        loop.run_until_complete(start_lifespan(app))
    drivers = {
        case: make_driver(protocol, app, [Request(path=path)], loop, 1) for case, path in CASES.items()
    }
    answers: dict[str, list[Any]] = {}
    for case, driver in drivers.items():
        answers[case] = []
        for _ in range(COMPARED):
            answer = driver.once()
            if answer.status != 200:
                raise SystemExit(f"it answers {case} with {answer.status}: {answer.body[:200]!r}")
            # Spaces in JSON are a matter of taste, those of the one template are not.
            answers[case].append(json.loads(answer.body) if case == "query" else answer.body.decode())
    print(json.dumps(answers), flush=True)
    for driver in drivers.values():
        driver.run(CALLS)
    for line in sys.stdin:
        driver = drivers[line.strip()]
        wall, cpu = time.perf_counter(), time.process_time()
        driver.run(CALLS)
        print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]), flush=True)


class Entrant:
    """One entrant's process."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [environment.python(), "-m", "bench.database", name, address],
            cwd=environment.ROOT, env=environment.child_environ(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        #: What it answered, by case; None when it did not start.
        self.answers: dict[str, list[Any]] | None = json.loads(line) if line else None

    def problem(self, expected: dict[str, list[Any]]) -> str | None:
        """Why it cannot take part, or None."""
        if self.answers is None:
            return (self.process.communicate()[1].strip().splitlines() or ["it ended"])[-1]
        for case, answers in expected.items():
            for wanted, given in zip(answers, self.answers[case], strict=True):
                if wanted != given:
                    return f"it answers {case} with {given!r}, where demijohn answers {wanted!r}"
        return None

    def run(self, case: str) -> tuple[float, float]:
        """Microseconds of the clock and of CPU time for each request of a slice."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(case, file=self.process.stdin, flush=True)
        wall, cpu = json.loads(self.process.stdout.readline())
        return wall / CALLS * 1e6, cpu / CALLS * 1e6

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def fill(address: str) -> None:
    """Make the tables and their rows."""
    import sqlalchemy as sa  # heavy, and an entrant's process has no need of it here

    metadata = sa.MetaData()
    world = sa.Table(
        "world", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("number", sa.Integer)
    )
    fortune = sa.Table(
        "fortune",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("message", sa.String(200)),
    )
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(world.insert(), [{"id": n, "number": n * 7} for n in range(1, rows.WORLDS + 1)])
        connection.execute(
            fortune.insert(), [{"id": n, "message": text} for n, text in enumerate(rows.FORTUNES, 1)]
        )


#: By database, case and entrant: microseconds of the clock and of CPU time, each round's.
Figures = dict[str, dict[str, dict[str, list[tuple[float, float]]]]]


def measure(names: Sequence[str], kinds: Sequence[str], rounds: int) -> tuple[Figures, list[str]]:
    """Run the entrants called `names` (all when there are none) on each kind of database."""
    from tests.support.services import database  # starts a server, which only the parent does

    figures: Figures = {}
    problems: list[str] = []
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as address:
            fill(address)
            entrants = [Entrant(name, address) for name in ENTRANTS if not names or name in names]
            try:
                expected = next((each.answers for each in entrants if each.answers is not None), {})
                racing = []
                for entrant in entrants:
                    problem = entrant.problem(expected)
                    if problem is None:
                        racing.append(entrant)
                    else:
                        problems.append(f"{entrant.name}, {kind}: {problem}")
                figures[kind] = _race(racing, rounds)
            finally:
                for entrant in entrants:
                    entrant.close()
    return figures, problems


def _race(racing: list[Entrant], rounds: int) -> dict[str, dict[str, list[tuple[float, float]]]]:
    taken: dict[str, dict[str, list[tuple[float, float]]]] = {
        case: {entrant.name: [] for entrant in racing} for case in CASES
    }
    for number in range(rounds):
        first = number % max(1, len(racing))
        for case in CASES:
            for entrant in racing[first:] + racing[:first]:
                taken[case][entrant.name].append(entrant.run(case))
    return taken


def text(figures: Figures, problems: Sequence[str]) -> str:
    """The tables of each database, and the problems."""
    parts = ["## Data pages, in process"]
    for kind, cases in figures.items():
        lines: list[list[str]] = []
        for case, entrants in cases.items():
            medians = {
                name: [statistics.median(column) for column in zip(*taken, strict=True)]
                for name, taken in entrants.items()
            }
            for name, (wall, cpu) in medians.items():
                ours = medians.get("demijohn" if ENTRANTS[name][1] == "wsgi" else "demijohn-async")
                times = "" if ours is None else f"{cpu / ours[1]:.2f}"
                lines.append([f"{case}, {name}", amount(wall), amount(cpu), times])
        parts.append(table([kind, "clock us", "CPU us", "CPU, demijohn = 1"], lines))
    parts.append("Target, less CPU time than the peer on SQLAlchemy: " + "; ".join(_verdicts(figures)) + ".")
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)


def _verdicts(figures: Figures) -> Iterator[str]:
    for kind, cases in figures.items():
        for case, entrants in cases.items():
            for ours, theirs in AHEAD_OF.items():
                if entrants.get(ours) and entrants.get(theirs):
                    ratio = statistics.median(
                        their[1] / our[1] for our, their in zip(entrants[ours], entrants[theirs], strict=True)
                    )
                    met = "met" if ratio > 1 else "not met"
                    yield f"{kind}, {case}, {ours}: {theirs} / {ratio:.2f}, {met}"


def main() -> None:
    """An entrant's process: `python -m bench.database NAME ADDRESS`."""
    parser = argparse.ArgumentParser(prog="python -m bench.database", description=__doc__)
    parser.add_argument("name", choices=tuple(ENTRANTS))
    parser.add_argument("address")
    options = parser.parse_args()
    serve_parent(options.name, options.address)


if __name__ == "__main__":
    main()
