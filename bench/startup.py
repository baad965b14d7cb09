"""Start-up: import and a hello application, in fresh processes, time and peak memory.

Each process reports CPU time and clock since it began, and its peak memory, at two moments: when the
application object exists, and when it has answered its first request (which shows what was only put off).
A bare interpreter, measured the same way in the same rounds, is taken off.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Any

from bench.environment import ROOT, child_environ, python
from bench.report import amount, table

_PRELUDE = """
import sys, time
def report(moment):
    peak = 0
    try:
        for line in open('/proc/self/status'):
            if line.startswith('VmHWM:'):
                peak = int(line.split()[1])
    except OSError:
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(moment, time.process_time() * 1000, peak / 1024)
def wsgi(app):
    import io
    environ = {'REQUEST_METHOD': 'GET', 'PATH_INFO': '/', 'SCRIPT_NAME': '', 'QUERY_STRING': '',
        'SERVER_NAME': 'localhost', 'SERVER_PORT': '80', 'SERVER_PROTOCOL': 'HTTP/1.1',
        'HTTP_HOST': 'localhost', 'REMOTE_ADDR': '127.0.0.1', 'wsgi.version': (1, 0),
        'wsgi.url_scheme': 'http', 'wsgi.input': io.BytesIO(), 'wsgi.errors': sys.stderr,
        'wsgi.multithread': True, 'wsgi.multiprocess': False, 'wsgi.run_once': False}
    seen = []
    body = b''.join(app(environ, lambda status, headers, exc_info=None: seen.append(status)))
    assert seen[0].startswith('200') and body == b'Hello', (seen, body)
"""
_FLASK_LIKE = """
from {package} import {name}
app = {name}(__name__)
@app.route('/')
def hello():
    return 'Hello'
report('made')
"""
_ANSWER = "wsgi(app)\nreport('answered')\n"
SCRIPTS: dict[str, str] = {
    "python alone": "report('made')\nimport io\nreport('answered')\n",
    "demijohn": _FLASK_LIKE.format(package="demijohn", name="Flask") + _ANSWER,
    "flask": _FLASK_LIKE.format(package="flask", name="Flask") + _ANSWER,
    "bottle": _FLASK_LIKE.format(package="bottle", name="Bottle").replace("(__name__)", "()") + _ANSWER,
    "quart": _FLASK_LIKE.format(package="quart", name="Quart").replace("def hello", "async def hello"),
    "starlette": """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
app = Starlette(routes=[Route('/', lambda request: PlainTextResponse('Hello'))])
report('made')
""",
    "fastapi": """
from fastapi import FastAPI
app = FastAPI()
@app.get('/')
async def hello():
    return 'Hello'
report('made')
""",
}
BASE = "python alone"


def _once(name: str) -> dict[str, tuple[float, float]] | str:
    done = subprocess.run(
        [python(), "-c", _PRELUDE + SCRIPTS[name]],
        cwd=ROOT,
        env=child_environ(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
    lines = (line.split() for line in done.stdout.splitlines())
    return {moment: (float(cpu), float(peak)) for moment, cpu, peak in lines}


def measure(rounds: int) -> tuple[dict[str, Any], list[str]]:
    """Medians by framework: {moment: [CPU ms, peak MB]} above a bare interpreter."""
    seen: dict[str, dict[str, list[tuple[float, float]]]] = {}
    problems: list[str] = []
    left = list(SCRIPTS)
    for turn in range(rounds + 1):  # the first round writes bytecode and is not counted
        for name in list(left):
            result = _once(name)
            if isinstance(result, str):
                problems.append(f"{name}: {result}")
                left.remove(name)
            elif turn:
                for moment, pair in result.items():
                    seen.setdefault(name, {}).setdefault(moment, []).append(pair)
        print(f"\r  round {turn}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    medians = {
        name: {
            moment: [statistics.median(pair[n] for pair in pairs) for n in (0, 1)]
            for moment, pairs in moments.items()
        }
        for name, moments in seen.items()
    }
    base = medians.get(BASE, {})
    above = {
        name: {
            moment: [value - base.get(moment, [0, 0])[n] for n, value in enumerate(pair)]
            for moment, pair in moments.items()
        }
        for name, moments in medians.items()
        if name != BASE
    }
    return above, problems


def text(figures: dict[str, Any], problems: list[str]) -> str:
    """The table, the verdict and the problems."""
    rows = []
    for name, moments in figures.items():
        cells = [name]
        for moment in ("made", "answered"):
            cells += [amount(value) for value in moments[moment]] if moment in moments else ["", ""]
        rows.append(cells)
    head = ("import + hello app, above bare Python", "made: CPU ms", "peak MB", "answered: CPU ms", "peak MB")
    parts = ["## Start-up", table(head, rows) if rows else "nothing was measured"]
    ours, flask = figures.get("demijohn"), figures.get("flask")
    if ours and flask:
        for moment in ("made", "answered"):
            words = [
                f"{what} {amount(ours[moment][n])} against {amount(flask[moment][n])}: "
                + ("met" if ours[moment][n] < flask[moment][n] else "not met")
                for n, what in enumerate(("CPU ms", "peak MB"))
            ]
            parts.append(f"Target: under Flask's, application {moment}: {'; '.join(words)}.")
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
