"""Hello through real servers on loopback, one worker each, against an empty application on the same.

All servers stand ready at once and are loaded in turn, round by round; the figures are the medians.
CPU time per request is the server's own, from /proc, and suffers less from a busy machine than the rate.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench import load
from bench.entrants import ENTRANTS
from bench.environment import program
from bench.processes import Server, free_port
from bench.report import amount, table

CONNECTIONS = 32
SHARE_OF_EMPTY = 0.70


@dataclass(frozen=True)
class Stand:
    """An entrant behind a server; `empty` names the stand whose rate is the measure."""

    name: str
    entrant: str
    server: str
    empty: str
    kind: str = "main"


STANDS: tuple[Stand, ...] = (
    Stand("empty, Granian WSGI", "empty", "granian-wsgi", ""),
    Stand("demijohn, Granian WSGI", "demijohn", "granian-wsgi", "empty, Granian WSGI"),
    Stand("demijohn, demijohn run WSGI", "demijohn", "demijohn-wsgi", "empty, Granian WSGI"),
    Stand("falcon, Granian WSGI", "falcon", "granian-wsgi", "empty, Granian WSGI"),
    Stand("flask, Granian WSGI", "flask", "granian-wsgi", "empty, Granian WSGI"),
    Stand("empty, Granian RSGI", "empty-rsgi", "granian-rsgi", ""),
    Stand("demijohn, Granian RSGI", "demijohn-rsgi", "granian-rsgi", "empty, Granian RSGI"),
    Stand("empty, Granian ASGI", "empty-asgi", "granian-asgi", ""),
    Stand("demijohn, Granian ASGI", "demijohn-asgi", "granian-asgi", "empty, Granian ASGI"),
    Stand("demijohn sync views, Granian ASGI", "demijohn", "granian-asgi", "empty, Granian ASGI"),
    Stand("starlette, Granian ASGI", "starlette", "granian-asgi", "empty, Granian ASGI"),
    Stand("quart, Granian ASGI", "quart", "granian-asgi", "empty, Granian ASGI"),
    Stand("demijohn, gunicorn gthread", "demijohn", "gunicorn", ""),
    Stand("flask, gunicorn gthread", "flask", "gunicorn", ""),
    Stand("demijohn, uvicorn", "demijohn-asgi", "uvicorn", ""),
    Stand("starlette, uvicorn", "starlette", "uvicorn", ""),
)


def command(server: str, port: int, sockets: bool = False) -> list[str]:
    """The command line of a server with one worker; `sockets` lets WebSockets in."""
    if server.startswith("granian-"):
        interface = server.partition("-")[2]
        threads = ["--blocking-threads", "1"] if interface == "wsgi" else []
        granian = [
            program("granian"),
            "--interface",
            interface,
            "--workers",
            "1",
            "--ws" if sockets else "--no-ws",
            *threads,
        ]
        return [*granian, "--port", str(port), "bench.serve:app"]
    if server == "demijohn-wsgi":
        ours = [program("python"), "-m", "demijohn", "--app", "bench.serve:app", "run"]
        return [*ours, "--interface", "wsgi", "--threads", "1", "--port", str(port)]
    if server == "gunicorn":
        return [
            program("gunicorn"),
            "-k",
            "gthread",
            "--threads",
            "4",
            "-b",
            f"127.0.0.1:{port}",
            "bench.serve:app",
        ]
    return [program("uvicorn"), "--port", str(port), "--no-access-log", "bench.serve:app"]


def start(entrant: str, server: str, kind: str = "main", sockets: bool = False) -> Server:
    """A server process for an entrant."""
    port = free_port()
    variables = {"BENCH_APP": ENTRANTS[entrant].module, "BENCH_KIND": kind}
    return Server(command(server, port, sockets), variables, port)


def measure(names: Sequence[str], rounds: int, seconds: float) -> tuple[dict[str, Any], list[str]]:
    """Figures by stand, and what could not be measured. `names` limits the entrants, empty for all."""
    figures: dict[str, Any] = {}
    problems: list[str] = []
    running: dict[str, Server] = {}
    seen: dict[str, list[load.Load]] = {}
    costs: dict[str, list[float]] = {}
    try:
        for stand in STANDS:
            if names and stand.entrant not in names:
                continue
            server = start(stand.entrant, stand.server, stand.kind)
            if server.wait_ready():
                running[stand.name] = server
            else:
                server.close()
                problems.append(f"{stand.name}: did not answer /hello")
        for turn in range(rounds + 1):  # the first round warms up and is not counted
            for name, server in running.items():
                print(f"\r  round {turn}: {name:40}", end="", file=sys.stderr, flush=True)
                before = server.cpu_seconds()
                result = load.apply(server.port, "/hello", CONNECTIONS, seconds if turn else 1)
                if turn and result.requests:
                    seen.setdefault(name, []).append(result)
                    costs.setdefault(name, []).append((server.cpu_seconds() - before) / result.requests * 1e6)
        print(file=sys.stderr)
        for name, results in seen.items():
            figures[name] = {
                **{
                    field: statistics.median(getattr(result, field) for result in results)
                    for field in ("rate", "p50", "p99")
                },
                "errors": sum(result.errors for result in results),
                "cpu_us": statistics.median(costs[name]),
                "rss_mb": running[name].memory() / 1024,
                "rounds": [asdict(result) for result in results],
            }
    finally:
        for server in running.values():
            server.close()
    return figures, problems


def share_of(one: dict[str, Any], base: dict[str, Any]) -> float:
    """How much of another stand's rate: the median over the rounds, each against its own."""
    pairs = zip(one["rounds"], base["rounds"], strict=False)
    return statistics.median(ours["rate"] / theirs["rate"] for ours, theirs in pairs)


def text(figures: dict[str, Any], problems: Sequence[str]) -> str:
    """The table, the verdict and the problems."""
    rows = []
    for stand in STANDS:
        one = figures.get(stand.name)
        if one is None:
            continue
        base = figures.get(stand.empty)
        share = f"{share_of(one, base):.0%}" if base else ""
        rows.append(
            (
                stand.name,
                f"{one['rate']:.0f}",
                share,
                f"{one['p50']:.2f}",
                f"{one['p99']:.2f}",
                amount(one["cpu_us"]),
                f"{one['rss_mb']:.1f}",
                str(one["errors"]),
            )
        )
    head = (f"hello, {CONNECTIONS} connections, {load.generator()}", "req/s", "of empty", "p50 ms", "p99 ms",
            "server CPU us", "RSS MB", "errors")  # fmt: skip
    parts = ["## Through servers, one worker", table(head, rows) if rows else "nothing was measured"]
    empty, ours = figures.get("empty, Granian WSGI"), figures.get("demijohn, Granian WSGI")
    if empty and ours:
        share = share_of(ours, empty)
        verdict = (
            "met"
            if share >= SHARE_OF_EMPTY
            else f"falls short by {(SHARE_OF_EMPTY - share) * 100:.0f} points"
        )
        wanted = f"at least {SHARE_OF_EMPTY:.0%} of an empty WSGI application on Granian"
        parts.append(f"Target: {wanted}: {share:.0%}, {verdict}.")
        falcon = figures.get("falcon, Granian WSGI")
        if falcon:
            lead = share_of(ours, falcon)
            ahead = "met" if lead > 1 else "not met"
            parts.append(f"Target: ahead of Falcon on the same server: {lead:.0%} of its rate, {ahead}.")
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
