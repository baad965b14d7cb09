"""The error page as HTML, self-contained: no script, nothing loaded from elsewhere.

Everything that came from outside is escaped. This module must not know a protocol.
"""

from __future__ import annotations

import traceback as plain_traceback
from collections.abc import Iterator
from html import escape
from itertools import groupby

from werkzeug.wrappers import Response

from demijohn.contexts.context import RequestContext
from demijohn.contexts.ports import Application
from demijohn.debugger.traceback import Frame, Problem, read
from demijohn.wrappers.request import Request

#: Nothing may run or load on this page but its own style (CSP, level 3).
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1b20; --paper: #fbfaf8; --soft: #efece6; --wine: #8c1c3c;
  --dim: #6b6670; --mark: #f7dfe5; }
@media (prefers-color-scheme: dark) { :root { --ink: #eae6ea; --paper: #17151a; --soft: #242128;
  --wine: #ff8fab; --dim: #9d97a3; --mark: #4a2330; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 1.35rem; color: var(--wine); overflow-wrap: anywhere; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1rem; }
.message { margin: .35rem 0 0; font-size: 1.15rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.where, .link, .hint { color: var(--dim); }
.link { margin: 2rem 0 .5rem; font-style: italic; }
details { margin: .4rem 0; border: 1px solid var(--soft); border-radius: .5rem; overflow: hidden; }
summary { padding: .5rem .8rem; cursor: pointer; overflow-wrap: anywhere; }
summary code { font-weight: 600; }
details[open] > summary { background: var(--soft); }
.library summary { color: var(--dim); }
.folded { padding: 0 .8rem .4rem; }
pre { margin: 0; padding: .6rem 0; overflow-x: auto; font: 13px/1.55 ui-monospace, monospace; }
pre span { display: block; padding: 0 .8rem; white-space: pre; }
pre .hit { background: var(--mark); }
pre i { display: inline-block; width: 3.5em; color: var(--dim); font-style: normal; user-select: none; }
table { width: 100%; border-collapse: collapse; font: 13px/1.5 ui-monospace, monospace; table-layout: fixed; }
td { padding: .2rem .8rem; border-top: 1px solid var(--soft); vertical-align: top; overflow-wrap: anywhere; }
td:first-child { width: 12rem; color: var(--dim); }
.raw { border: 1px solid var(--soft); border-radius: .5rem; padding: .8rem; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{kind}</h1>
<p class="message">{message}</p>
<p class="where">{where}</p>
{problems}
<h2>Request</h2>
<table>{request}</table>
<h2>Plain traceback</h2>
<pre class="raw">{plain}</pre>
<p class="hint">You see this page because debug mode is on. Never turn it on where others can reach it.</p>
</main>
</body>
</html>
"""


def error_page(app: Application, ctx: RequestContext, error: Exception) -> Response:
    """The response that shows ``error``: status 500, HTML, not to be stored.

    :param app: The application, whose response class it is made of.
    :param ctx: The context of the request that failed.
    :param error: What was raised.
    """
    problems = read(error)
    last = problems[-1]
    request = ctx.request
    body = _PAGE.format(
        title=escape(f"{last.kind}: {last.message}"[:120]),
        style=_STYLE,
        kind=escape(last.kind),
        message=escape(last.message),
        where=escape(f"{request.method} {request.path} → {request.endpoint or 'no endpoint'}"),
        problems="\n".join(_problem(problem, alone=len(problems) == 1) for problem in problems),
        request="".join(_row(name, value) for name, value in _request_rows(request)),
        plain=escape("".join(plain_traceback.format_exception(error))),
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY}
    response: Response = app.response_class(body, status=500, headers=headers, mimetype="text/html")
    return response


def _problem(problem: Problem, alone: bool) -> str:
    # What the page is headed by need not be said twice.
    heading = "Calls, the last one below" if alone else f"{problem.kind}: {problem.message}"
    link = f'<p class="link">{escape(problem.link)}</p>' if problem.link else ""
    last_own = max((place for place, frame in enumerate(problem.frames) if frame.own), default=-1)
    shown = last_own if last_own >= 0 else len(problem.frames) - 1
    frames = "\n".join(
        _libraries([frame for _, frame in group]) if folded else _frame(group[0][1], group[0][0] == shown)
        for folded, group in _grouped(problem.frames, shown)
    )
    return f"<h2>{escape(heading)}</h2>\n{frames}\n{link}"


def _grouped(frames: list[Frame], shown: int) -> Iterator[tuple[bool, list[tuple[int, Frame]]]]:
    """Frames of libraries that follow each other together; each other frame alone."""
    for folded, run in groupby(enumerate(frames), lambda item: not item[1].own and item[0] != shown):
        if folded:
            yield True, list(run)
        else:
            yield from ((False, [item]) for item in run)


def _libraries(frames: list[Frame]) -> str:
    """Frames that are not the reader's own, folded into one line."""
    count = f"{len(frames)} calls" if len(frames) > 1 else "1 call"
    names = list(dict.fromkeys(frame.library for frame in frames))
    inside = "\n".join(_frame(frame, False) for frame in frames)
    return (
        f'<details class="library"><summary>{count} in {escape(", ".join(names))}</summary>'
        f'<div class="folded">{inside}</div></details>'
    )


def _frame(frame: Frame, is_open: bool) -> str:
    lines = "".join(
        f"<span{' class=hit' if number == frame.line else ''}><i>{number}</i>{escape(text) or ' '}</span>"
        for number, text in frame.source
    )
    names = "".join(_row(name, value) for name, value in frame.names)
    return (
        f'<details class="{"own" if frame.own else "library"}"{" open" if is_open else ""}>'
        f"<summary><code>{escape(frame.function)}</code> in {escape(frame.filename)}, line {frame.line}</summary>"
        f"<pre>{lines}</pre><table>{names}</table></details>"
    )


def _row(name: str, value: str) -> str:
    return f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"


def _request_rows(request: Request) -> list[tuple[str, str]]:
    rows = [("Method", request.method), ("Path", request.path), ("View arguments", repr(request.view_args))]
    for name, value in request.headers.items():
        hidden = name.lower() in {"cookie", "authorization"}
        rows.append((name, "(hidden)" if hidden else value))
    return rows
