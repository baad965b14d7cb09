"""A hashed style sheet with gzip and its 304 against Whitenoise, and a mounted hello against the same alone.

All through Granian with one worker, loaded in turn, round by round; the figures are the medians. Least CPU is that of
each stand's best round: others who use the machine only add to it.
"""

from __future__ import annotations

import gzip
import http.client
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench import load, servers
from bench.apps.static_files import SHEET
from bench.processes import Server, free_port
from bench.report import amount, table

#: As large as the style sheet of a usual framework of styles.
BYTES = 26_000

CONNECTIONS = 32


class Stand(NamedTuple):
    """A case behind a server: what is asked for, and the stand that it is measured against."""

    name: str
    kind: str
    server: str
    path: str
    revalidates: bool = False
    rival: str = ""


STANDS: tuple[Stand, ...] = (
    Stand("Whitenoise, gzip", "whitenoise", "granian-wsgi", f"/static/{SHEET}"),
    Stand("demijohn, gzip", "static", "granian-wsgi", "hashed", rival="Whitenoise, gzip"),
    Stand("Whitenoise, 304", "whitenoise", "granian-wsgi", f"/static/{SHEET}", revalidates=True),
    Stand("demijohn, 304", "static", "granian-wsgi", "hashed", revalidates=True, rival="Whitenoise, 304"),
    Stand("demijohn by ASGI, gzip", "static", "granian-asgi", "hashed"),
    Stand("demijohn by ASGI, 304", "static", "granian-asgi", "hashed", revalidates=True),
    Stand("hello alone, WSGI", "alone", "granian-wsgi", "/hello"),
    Stand("hello mounted, WSGI", "mounted", "granian-wsgi", "/below/hello", rival="hello alone, WSGI"),
    Stand("hello alone, ASGI", "alone-async", "granian-asgi", "/hello"),
    Stand("hello mounted, ASGI", "mounted-async", "granian-asgi", "/below/hello", rival="hello alone, ASGI"),
    Stand("hello alone, RSGI", "alone-async", "granian-rsgi", "/hello"),
    Stand("hello mounted, RSGI", "mounted-async", "granian-rsgi", "/below/hello", rival="hello alone, RSGI"),
)


def _ask(port: int, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def _request(stand: Stand, server: Server) -> tuple[str, dict[str, str]]:
    """What is asked for, once it is certain that it is answered as it has to be."""
    if stand.path.startswith("/hello") or stand.path.startswith("/below"):
        return stand.path, {}
    path = stand.path
    if path == "hashed":
        path = _ask(server.port, "/hello", {}).read().decode()
        assert path != f"/static/{SHEET}"
    headers = {"Accept-Encoding": "gzip"}
    answer = _ask(server.port, path, headers)
    body = answer.read()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(body)) >= BYTES
    assert "immutable" in answer.headers["Cache-Control"]
    if stand.revalidates:
        headers["If-None-Match"] = answer.headers["ETag"]
        assert _ask(server.port, path, headers).status == 304
    return path, headers


def measure(rounds: int, seconds: float) -> tuple[dict[str, Any], list[str]]:
    """Requests a second and CPU per request by stand, and what could not be measured."""
    figures: dict[str, Any] = {}
    problems: list[str] = []
    running: dict[Stand, tuple[Server, str, dict[str, str]]] = {}
    seen: dict[Stand, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-static-") as folder:
        lines = (
            f".rack-{n} .bottle {{ margin: {n % 17}px; color: #{n * 7919 % 0xFFFFFF:06x} }}\n"
            for n in range(999)
        )
        sheet = "".join(lines)[:BYTES]
        Path(folder, SHEET).write_text(sheet)
        Path(folder, f"{SHEET}.gz").write_bytes(gzip.compress(sheet.encode(), 9, mtime=0))
        try:
            for stand in STANDS:
                port = free_port()
                variables = {
                    "BENCH_APP": "bench.apps.static_files", "BENCH_KIND": stand.kind, "BENCH_STATIC": folder,
                }  # fmt: skip
                server = Server(servers.command(stand.server, port), variables, port)
                ready = "/below/hello" if stand.kind.startswith("mounted") else "/hello"
                if server.wait_ready(ready):
                    running[stand] = (server, *_request(stand, server))
                else:
                    server.close()
                    problems.append(f"{stand.name}: did not answer {ready}")
            for turn in range(rounds + 1):  # the first round warms up and is not counted
                for stand, (server, path, headers) in running.items():
                    print(f"\r  round {turn}: {stand.name:30}", end="", file=sys.stderr, flush=True)
                    before = server.cpu_seconds()
                    result = load.apply(server.port, path, CONNECTIONS, seconds if turn else 1, headers)
                    if turn and result.requests:
                        cost = (server.cpu_seconds() - before) / result.requests * 1e6
                        seen.setdefault(stand, []).append((result.rate, cost))
            print(file=sys.stderr)
            for stand, results in seen.items():
                figures[stand.name] = {
                    "rate": statistics.median(rate for rate, _ in results),
                    "cpu_us": statistics.median(cost for _, cost in results),
                    "rounds": results,
                    "rival": stand.rival,
                }
        finally:
            for server, _, _ in running.values():
                server.close()
    return figures, problems


def _is_target(figure: dict[str, Any]) -> bool:
    return figure["rival"] in {"Whitenoise, gzip", "Whitenoise, 304", "hello alone, WSGI"}


def _verdict(name: str, figure: dict[str, Any], rival: dict[str, Any]) -> str:
    """By the CPU of the best rounds, which is what a rate comes to where one processor is all there is."""
    ours, theirs = (min(cost for _, cost in each["rounds"]) for each in (figure, rival))
    most = 1.2 if "mounted" in name else 1.0
    met = "met" if ours <= most * theirs else "not met"
    return f"{name}, at most {most} times the CPU of {figure['rival']}: {ours / theirs:.2f}, {met}."


def text(figures: dict[str, Any], problems: Sequence[str]) -> str:
    """The report."""
    rows = []
    for name, figure in figures.items():
        rival = figures.get(figure["rival"])
        share = cpu = least = ""
        if rival is not None:
            pairs = list(zip(figure["rounds"], rival["rounds"], strict=False))
            share = f"{statistics.median(ours[0] / theirs[0] for ours, theirs in pairs):.2f}"
            cpu = f"{statistics.median(ours[1] / theirs[1] for ours, theirs in pairs):.2f}"
            ours, theirs = (min(cost for _, cost in each["rounds"]) for each in (figure, rival))
            least = f"{ours / theirs:.2f}"
        rows.append(
            [name, f"{figure['rate']:,.0f}", amount(figure["cpu_us"]), figure["rival"], share, cpu, least]
        )
    parts = [
        f"## A style sheet of {BYTES / 1000:.0f} KB, and mounted applications",
        table(["stand", "requests/s", "CPU us", "against", "rate", "CPU", "least CPU"], rows),
    ]
    parts += [
        _verdict(name, figure, figures[figure["rival"]])
        for name, figure in figures.items()
        if _is_target(figure)
    ]
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
