"""The database benchmark: `python -m bench.database [--database sqlite] [--rounds 9]`.

A query page and `fortunes`, on SQLite and PostgreSQL, sync and async, against Flask with Flask-SQLAlchemy,
Django, and FastAPI with SQLAlchemy. Each entrant has a process of its own; a round runs every entrant once, and
the medians of the rounds are compared. The time is the clock's, one request after another, for a query waits for
its database; beside it stands the CPU time of the entrant's own process.

It needs, in build/bench, what bench/requirements.txt lists and flask-sqlalchemy, sqlalchemy[asyncio], aiosqlite and
psycopg[binary]; an entrant whose packages are missing is named and left out.
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
from pathlib import Path

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
CASES = {"query": "/world", "fortunes": "/fortunes"}
CALLS = 300


def serve_parent(name: str, address: str) -> None:
    """The entrant's side: a case's name a line in, its seconds out."""
    module, protocol = ENTRANTS[name]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = importlib.import_module(f"bench.apps.{module}").make(address, protocol)
    if protocol == "asgi":
        loop.run_until_complete(start_lifespan(app))
    drivers = {
        case: make_driver(protocol, app, [Request(path=path)], loop, 1) for case, path in CASES.items()
    }
    for case, driver in drivers.items():
        answer = driver.once()
        wrong = answer.status != 200 or (case == "fortunes" and b"&lt;script&gt;" not in answer.body)
        if wrong:
            raise SystemExit(f"{name} answers {case} with {answer.status}: {answer.body[:200]!r}")
        driver.run(CALLS)
    print(json.dumps("ready"), flush=True)
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
            [environment.python(), "-m", "bench.database", "--entrant", name, address],
            cwd=environment.ROOT, env=environment.child_environ(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.ready = bool(self.process.stdout.readline())

    def problem(self) -> str:
        """The last line of what it complained of."""
        return (self.process.communicate()[1].strip().splitlines() or ["it ended"])[-1]

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


def measure(kind: str, rounds: int) -> str:
    """The table of one kind of database."""
    from tests.support.services import database  # starts a server, which only the parent does

    with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as address:
        fill(address)
        entrants = [Entrant(name, address) for name in ENTRANTS]
        missing = [entrant for entrant in entrants if not entrant.ready]
        racing = [entrant for entrant in entrants if entrant.ready]
        figures: dict[tuple[str, str], list[tuple[float, float]]] = {}
        try:
            for number in range(rounds):
                for case in CASES:
                    for entrant in racing[number % len(racing) :] + racing[: number % len(racing)]:
                        figures.setdefault((case, entrant.name), []).append(entrant.run(case))
            problems = [f"- {entrant.name} is left out: {entrant.problem()}" for entrant in missing]
        finally:
            for entrant in entrants:
                entrant.close()
    lines: list[list[str]] = []
    for case in CASES:
        for entrant in racing:
            wall, cpu = (
                statistics.median(column) for column in zip(*figures[case, entrant.name], strict=True)
            )
            lines.append([f"{case}, {entrant.name}", amount(wall), amount(cpu)])
    text = table(["case", "clock (us)", "CPU (us)"], lines)
    return "\n\n".join([f"### {kind}", text, *problems])


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.database", description=__doc__)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--entrant", nargs=2, metavar=("NAME", "ADDRESS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.entrant:
        serve_parent(*options.entrant)
        return
    environment.ensure()
    for kind in options.database or ("sqlite", "postgresql"):
        print(measure(kind, options.rounds), end="\n\n")


if __name__ == "__main__":
    main()
