"""Pages of the debugger as HTML: of one error, and the list of those that are kept.

Everything that came from outside is escaped, and each part has so much room and no more: a page has a size that no
error can exceed. This module must not know a protocol, nor who may see a page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

from demijohn.contexts.context import RequestContext
from demijohn.debugger.ports import Application
from demijohn.debugger.records import KEPT, Record
from demijohn.debugger.traceback import Frame, Problem, shortened
from demijohn.debugger.values import HIDDEN, Teller, clean, sounds_secret, trimmed

#: Characters of HTML: of all frames, of what is beside them, of the plain traceback.
_FRAMES, _BESIDE, _PLAIN = 100_000, 30_000, 24_000
#: Rows of a table, statements of SQL.
_ROWS, _STATEMENTS = 60, 30

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{meta}<title>{title}</title>
<style>{style}</style>
<script src="{base}page.js" nonce="{nonce}" defer></script>
</head>
<body>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class View:
    """How pages are shown to who asks.

    :param base: The path of the debugger, with a slash at its end.
    :param nonce: For the script of this answer.
    :param token: For the console; None where there is none.
    :param link: Makes the link of a file and a line to the editor; None without one.
    """

    base: str
    nonce: str
    token: str | None
    link: Callable[[str, int], str] | None


@cache
def part(name: str) -> str:
    """A file that pages are made of."""
    return files("demijohn.debugger").joinpath("parts", name).read_text("utf-8")


def _whole(title: str, body: str, view: View) -> str:
    meta = "" if view.token is None else f'<meta name="demijohn-debugger" content="{view.token}">\n'
    return _PAGE.format(
        meta=meta, title=escape(trimmed(title, 120)), style=part("page.css"), base=escape(view.base),
        nonce=view.nonce, body=body,
    )  # fmt: skip


def error_html(app: Application, record: Record, advice: str, view: View) -> str:
    """The page of one error."""
    top = record.problems[0]
    with Teller(record.secrets) as teller:
        room = _Room(_FRAMES)
        problems = _Problems(record, view, teller, room).html()
        beside = _beside(app, record, teller)
    plain = escape(record.plain)
    if len(plain) > _PLAIN:
        plain = escape(shortened(record.plain, _PLAIN * len(record.plain) // len(plain)))[:_PLAIN]
    notes = "\n".join(top.notes)
    body = (
        f"<header><h1>{escape(top.kind)}</h1>"
        f'<p class="message">{escape(top.message)}</p>'
        + (f'<p class="notes">{escape(notes)}</p>' if notes else "")
        + (f'<p class="advice">{escape(trimmed(advice, 1500))}</p>' if advice else "")
        + f'<p class="where">{escape(record.where)} · <button id="copy" type="button" hidden>Copy</button>'
        f' <a href="{escape(view.base)}">last errors</a></p></header>\n'
        f"<main><section>{problems}\n<h2>Plain traceback</h2>"
        f'<details><summary>As Python prints it</summary><pre class="raw" id="plain">{plain}</pre></details>'
        '<p class="dim">You see this page because debug mode is on. Never turn it on where others can reach it.'
        f" Keys: j, k, Enter{', c for the console' if view.token else ''}.</p></section>\n"
        f"<aside>{beside}</aside></main>"
    )
    return _whole(f"{top.kind}: {top.message}", body, view)


def list_html(records: Iterable[Record], view: View) -> str:
    """The list of the errors that are kept, the newest first."""
    rows = "".join(
        f"<tr><td>{time.strftime('%H:%M:%S', time.localtime(record.time))}</td>"
        f'<td><a href="{escape(view.base)}{record.id}">{escape(record.kind)}</a>'
        f" {escape(trimmed(record.message, 300))}<br>{escape(trimmed(record.where, 300))}</td></tr>"
        for record in records
    )
    table = f"<table>{rows}</table>" if rows else "<p>There has been none since the server started.</p>"
    body = (
        f"<header><h1>Last errors</h1><p>The last {KEPT} are kept, those included that no page showed:"
        f" of sockets, background tasks and scripts.</p></header><main><section>{table}</section></main>"
    )
    return _whole("Last errors", body, view)


def gone_html(was_kept: bool, view: View) -> str:
    """The page in the place of an error that is not kept."""
    said = (
        f"This error is gone: only the last {KEPT} are kept."
        if was_kept
        else f"There is no error of this address: only the last {KEPT} since the server started are kept."
    )
    body = (
        f'<header><h1>Not kept</h1><p>{said}</p><p><a href="{escape(view.base)}">last errors</a></p></header>'
    )
    return _whole("Not kept", body, view)


class _Room:
    """How many characters are left for a part of the page."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, text: str) -> str | None:
        """The text, or None where it is too long for what is left."""
        if len(text) > self._left:
            return None
        self._left -= len(text)
        return text


class _Problems:
    """The exceptions of an error, with their frames."""

    def __init__(self, record: Record, view: View, teller: Teller, room: _Room) -> None:
        self._record, self._view, self._teller, self._room = record, view, teller, room
        self._details: dict[str, str] = {}
        # Own code first, where there is room for some frames only, and of each exception the last call first.
        frames = list(record.frames.values())
        for frame in [*(one for one in frames if one.own), *(one for one in frames if not one.own)]:
            self._details[frame.id] = self._detail(frame)

    def html(self) -> str:
        return self._chain(self._record.problems, top=True)

    def _chain(self, problems: list[Problem], top: bool = False) -> str:
        return "\n".join(
            self._problem(problem, headed=not (top and place == 0), opened=place == 0)
            for place, problem in enumerate(problems)
        )

    def _problem(self, problem: Problem, headed: bool, opened: bool) -> str:
        link = f'<p class="dim">{escape(problem.link)}</p>' if problem.link else ""
        title = ""
        if headed:
            said = escape(trimmed(f"{problem.kind}: {problem.message}", 600))
            title = f"<h2>{said}</h2>"
            if problem.notes:
                title += f'<p class="notes">{escape(chr(10).join(problem.notes))}</p>'
        own = next((frame for frame in problem.frames if frame.own), None)
        shown = own or (problem.frames[0] if problem.frames else None)
        calls = self._calls(problem, shown, opened)
        members = "".join(f'<div class="member">{self._chain(member)}</div>' for member in problem.members)
        more = f'<p class="dim">{problem.more} more in this group are not shown.</p>' if problem.more else ""
        return f"{link}{title}\n{calls}{members}{more}"

    def _calls(self, problem: Problem, shown: Frame | None, opened: bool) -> str:
        omitted, place = problem.omitted
        gap = f'<p class="dim">… {omitted:,} calls are not shown …</p>' if omitted else ""
        first = self._folded(problem.frames[:place], shown, opened)
        return first + gap + self._folded(problem.frames[place:], shown, opened)

    def _folded(self, frames: list[Frame], shown: Frame | None, opened: bool) -> str:
        """Frames of libraries that follow each other in one line; each other frame alone."""
        parts: list[str] = []
        for folded, group in groupby(frames, lambda frame: not frame.own and frame is not shown):
            run = list(group)
            inside = "\n".join(self._frame(frame, opened and frame is shown) for frame in run)
            if folded:
                count = sum(frame.count for frame in run)
                names = ", ".join(dict.fromkeys(frame.library for frame in reversed(run)))
                inside = (
                    f'<details class="library"><summary>{count} {"call" if count == 1 else "calls"} in'
                    f' {escape(trimmed(names))}</summary><div class="folded">{inside}</div></details>'
                )
            parts.append(inside)
        return "\n".join(parts)

    def _frame(self, frame: Frame, is_open: bool) -> str:
        where = f"{escape(trimmed(frame.filename, 300))}, line {frame.line}"
        target = self._view.link(frame.filename, frame.line) if self._view.link is not None else ""
        if target:
            where = f'<a data-editor href="{escape(target)}">{where}</a>'
        count = f" <b>{frame.count:,} times in a row</b>" if frame.count > 1 else ""
        console = '<input class="c" data-console>' if self._view.token is not None else ""
        return (
            f'<details class="{"own" if frame.own else "library"}" data-frame="{frame.id}"{" open" if is_open else ""}>'
            f"<summary><code>{escape(trimmed(frame.function, 120))}</code> in {where}{count}</summary>"
            f"{self._details[frame.id]}{console}</details>"
        )

    def _detail(self, frame: Frame) -> str:
        source = self._room.take(f"<pre>{''.join(_lines(frame))}</pre>" if frame.source else "")
        if source is None:
            return ""
        rows = "".join(_row(name, value) for name, value in frame.names(self._teller))
        return source + (self._room.take(f"<table>{rows}</table>" if rows else "") or "")


def _lines(frame: Frame) -> Iterator[str]:
    for number, text in frame.source:
        if number != frame.line:
            yield f"<s><i>{number}</i>{escape(text, quote=False)}</s>"
        elif frame.marked is None:
            yield f'<s class="hit"><i>{number}</i>{escape(text, quote=False)}</s>'
        else:
            start, end = frame.marked
            before, failed, after = (
                escape(piece, quote=False) for piece in (text[:start], text[start:end], text[end:])
            )
            yield f'<s class="hit"><i>{number}</i>{before}<mark>{failed}</mark>{after}</s>'


def _row(name: str, value: str) -> str:
    return f"<tr><td>{escape(name, quote=False)}</td><td>{escape(value, quote=False)}</td></tr>"


# What stands beside the frames.


def _beside(app: Application, record: Record, teller: Teller) -> str:
    room = _Room(_BESIDE)
    tables = [
        ("Route", _route_rows(record, teller), True),
        ("Session", _session_rows(record, teller), True),
        ("SQL", _sql_rows(record), True),
        ("Request", _request_rows(record, teller), True),
        ("Config", _config_rows(app, teller), False),
    ]
    return "".join(_table(title, rows, is_open, room) for title, rows, is_open in tables)


def _table(title: str, rows: list[tuple[str, str]], is_open: bool, room: _Room) -> str:
    if not rows:
        return ""
    taken: list[str] = []
    for name, value in rows[:_ROWS]:
        row = room.take(_row(trimmed(name, 80), value))
        if row is None:
            break
        taken.append(row)
    more = f'<p class="dim">{len(rows) - len(taken)} more</p>' if len(taken) < len(rows) else ""
    return (
        f"<details{' open' if is_open else ''}><summary>{title}</summary><table>{''.join(taken)}</table>{more}"
        "</details>"
    )


def _request_rows(record: Record, teller: Teller) -> list[tuple[str, str]]:
    request = record.request
    if request is None:
        return []
    rows = [("Method", request.method), ("Path", trimmed(clean(request.path, record.secrets)))]
    try:
        for name, values in list(request.args.lists())[:_ROWS]:
            rows.append((f"?{name}", teller.text(values[0] if len(values) == 1 else values, name)))
        # Only what the view has read: to read a form now could wait for a body.
        form = vars(request).get("form")
        for name, value in [] if form is None else list(form.items(multi=True))[:_ROWS]:
            rows.append((name, teller.text(value, name)))
        for name, value in list(request.headers.items())[:_ROWS]:
            shown = HIDDEN if sounds_secret(name) else trimmed(clean(value, record.secrets))
            rows.append((name, shown))
    except Exception as e:  # too many fields in the query, or a request class of its own
        rows.append(("…", f"cannot be shown: {type(e).__name__}"))
    return rows


def _route_rows(record: Record, teller: Teller) -> list[tuple[str, str]]:
    request = record.request
    if request is None or getattr(request, "url_rule", None) is None:
        return []
    rows = [("Rule", trimmed(str(request.url_rule))), ("Endpoint", trimmed(str(request.endpoint)))]
    rows += [(name, teller.text(value, name)) for name, value in (request.view_args or {}).items()]
    return rows


def _session_rows(record: Record, teller: Teller) -> list[tuple[str, str]]:
    ctx = record.ctx
    session: Any = ctx._session if isinstance(ctx, RequestContext) else None
    if not isinstance(session, dict):
        return []
    return [(str(name), teller.text(value, name)) for name, value in list(dict.items(session))[:_ROWS]]


def _sql_rows(record: Record) -> list[tuple[str, str]]:
    notes = record.notes
    if notes is None or not notes.statements:
        return []
    shown = notes.statements[-_STATEMENTS:]
    rows = [
        ("failed" if one.seconds is None else f"{one.seconds * 1000:.1f} ms", trimmed(clean(one.text), 400))
        for one in shown
    ]
    more = notes.statement_count - len(shown)
    return [*([("…", f"{more} before these")] if more > 0 else []), *rows]


def _config_rows(app: Application, teller: Teller) -> list[tuple[str, str]]:
    """The settings that are not as they are by default."""
    defaults = getattr(app, "default_config", {})
    rows = []
    for name, value in sorted(dict.items(app.config), key=lambda item: str(item[0])):
        usual = defaults.get(name, defaults)
        if usual is not value and not (type(usual) is type(value) and _equal(usual, value)):
            rows.append((str(name), teller.text(value, name)))
    return rows


def _equal(one: object, other: object) -> bool:
    return isinstance(one, (str, int, float, bytes, bool, tuple, type(None))) and one == other
