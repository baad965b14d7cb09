"""A traceback as data: exceptions with their causes and members, frames with their source.

This module must not know how it is shown.
"""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback as plain_traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Any

from demijohn.debugger.values import Teller, clean, trimmed

#: Lines of source shown around the line that failed: of own code, and of a library's.
_AROUND, _AROUND_LIBRARY = 5, 2
#: Names of a frame that are shown, likewise.
_NAMES, _LIBRARY_NAMES = 40, 8
#: Characters of a line of source, a message, a note.
_LONGEST_LINE, _LONGEST_MESSAGE, _LONGEST_NOTE = 240, 2000, 600
#: Frames of an exception: how many of its beginning and of its end, when there are more.
_FIRST, _LAST = 12, 28
#: Notes of an exception, exceptions of a chain, members of a group.
_NOTES, _CHAIN, _MEMBERS = 10, 12, 12
#: Characters of the plain traceback.
_LONGEST_PLAIN = 100_000

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY_FOLDERS = (*{str(sysconfig.get_path(name)) for name in ("stdlib", "platlib", "purelib")}, _PACKAGE)
#: What Jinja calls the file of a template that is a text.
_TEXT = "<template>"
#: What locals hold but nobody looks for in a traceback, and templates hold by the dozen.
_DEFINITIONS = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)


@dataclass(slots=True)
class Frame:
    """One call of a traceback, or several equal ones in a row.

    :param own: Whether the code is the application's own, not a library's.
    :param library: The top-level module that the code belongs to.
    :param live: The frame itself, the last of ``count``.
    :param template: Whether it is a template's, by its own line.
    :param source: Pairs of line number and text around ``line``.
    :param marked: From which to which character of ``line`` it failed.
    :param count: How often it was called in a row.
    """

    filename: str
    line: int
    function: str
    own: bool
    library: str
    live: FrameType
    template: bool = False
    source: list[tuple[int, str]] = field(default_factory=list)
    marked: tuple[int, int] | None = None
    count: int = 1
    id: str = ""

    def names(self, teller: Teller) -> list[tuple[str, str]]:
        """Local names with their values as text; secrets are hidden."""
        try:
            local = dict(self.live.f_locals)
        except Exception:  # a mapping of somebody else's, as in the body of a class
            return []
        wanted = (
            (name, value)
            for name, value in local.items()
            if not str(name).startswith(("__", "@py_")) and not isinstance(value, _DEFINITIONS)
        )
        most = _NAMES if self.own else _LIBRARY_NAMES
        return [(trimmed(str(name), 80), teller.text(value, name)) for name, value in islice(wanted, most)]


@dataclass(slots=True)
class Problem:
    """One exception with its frames, and how it led to the one above it.

    :param frames: The calls, the last one first.
    :param omitted: How many calls are left out between the others, and before which of ``frames``.
    :param members: The exceptions of a group, each with those that caused it below it.
    :param more: How many members are left out.
    """

    kind: str
    message: str
    notes: list[str]
    frames: list[Frame]
    omitted: tuple[int, int] = (0, 0)
    link: str = ""
    members: list[list[Problem]] = field(default_factory=list)
    more: int = 0


def read(error: BaseException, secrets: tuple[str, ...] = ()) -> list[Problem]:
    """``error``, then what caused it, one after another."""
    return _Reader(secrets).chain(error, _MEMBERS)


class _Reader:
    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets
        self._seen: set[int] = set()
        self._left = 3 * _CHAIN  # exceptions, of chains and groups together

    def chain(self, error: BaseException, most: int) -> list[Problem]:
        problems: list[Problem] = []
        current: BaseException | None = error
        link = ""
        while current is not None and id(current) not in self._seen:
            if len(problems) == _CHAIN or self._left == 0:
                break
            self._left -= 1
            self._seen.add(id(current))
            problems.append(self._problem(current, link, most))
            if current.__cause__ is not None:
                current, link = current.__cause__, "This was the direct cause of the exception above:"
            elif current.__suppress_context__:
                current = None
            else:
                current, link = current.__context__, "The exception above occurred while this was handled:"
        return problems

    def _problem(self, error: BaseException, link: str, most: int) -> Problem:
        frames, omitted = _frames(error.__traceback__)
        problem = Problem(
            kind_of(error),
            trimmed(clean(message_of(error), self._secrets), _LONGEST_MESSAGE),
            [trimmed(clean(note, self._secrets), _LONGEST_NOTE) for note in notes_of(error)[:_NOTES]],
            frames,
            omitted,
            link,
        )
        if isinstance(error, BaseExceptionGroup):
            shown = [inner for inner in error.exceptions[:most] if id(inner) not in self._seen]
            problem.members = [found for inner in shown if (found := self.chain(inner, max(2, most // 2)))]
            problem.more = len(error.exceptions) - len(problem.members)
        return problem


def kind_of(error: BaseException) -> str:
    """The name of its class, with its module unless it is Python's own."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message_of(error: BaseException) -> str:
    """What it says, however badly its own methods behave."""
    try:
        return str(error)
    except BaseException as e:
        return f"({type(error).__name__} whose text cannot be shown: {type(e).__name__})"


def notes_of(error: BaseException) -> list[str]:
    """What was added to it (PEP 678)."""
    notes = getattr(error, "__notes__", None)
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, (list, tuple)) else []


def plain(error: BaseException, secrets: tuple[str, ...] = ()) -> str:
    """The traceback as Python prints it, without secrets; the middle of an endless one is left out."""
    try:
        text = "".join(plain_traceback.format_exception(error))
    except Exception:  # a class whose text cannot be made
        text = (
            "".join(plain_traceback.format_tb(error.__traceback__))
            + f"{kind_of(error)}: {message_of(error)}\n"
        )
    return shortened(clean(text, secrets), _LONGEST_PLAIN)


def shortened(text: str, longest: int) -> str:
    """Its beginning and its end, by whole lines."""
    if len(text) <= longest:
        return text
    head, tail = (
        text[: longest // 3].rpartition("\n")[0],
        text[-(longest - longest // 3) :].partition("\n")[2],
    )
    tail = tail or text[-longest // 2 :]
    return f"{head}\n\n  … {len(text) - len(head) - len(tail):,} characters left out …\n\n{tail}"


def _frames(traceback: TracebackType | None) -> tuple[list[Frame], tuple[int, int]]:
    """The calls, the last one first, and how many are left out before which."""
    calls: list[list[Any]] = []
    text = ""
    while traceback is not None:
        frame, line = traceback.tb_frame, traceback.tb_lineno
        if _renders_text(frame):
            text = str(frame.f_locals.get("source", ""))
        if calls and calls[-1][0].f_code is frame.f_code and calls[-1][1] == line:
            calls[-1][0], calls[-1][2] = frame, traceback.tb_lasti
            calls[-1][3] += 1
        else:
            calls.append([frame, line, traceback.tb_lasti, 1, text])
        traceback = traceback.tb_next
    calls.reverse()
    left_out = max(0, len(calls) - _FIRST - _LAST)
    if left_out:
        del calls[_LAST : _LAST + left_out]
    return [_frame(*call) for call in calls], (left_out, _LAST)


def _renders_text(frame: FrameType) -> bool:
    module = frame.f_globals.get("__name__")
    return module == "demijohn.templating" and frame.f_code.co_name == "render_template_string"


def _frame(live: FrameType, line: int | None, lasti: int, count: int, text: str) -> Frame:
    code = live.f_code
    number = line or code.co_firstlineno
    module = str(live.f_globals.get("__name__", ""))
    # What Jinja puts in the place of the frames of a compiled template.
    template = "__jinja_exception__" in live.f_globals
    own = not code.co_filename.startswith((*_LIBRARY_FOLDERS, "<frozen"))
    frame = Frame(
        code.co_filename,
        number,
        code.co_qualname,
        own,
        module.partition(".")[0] or "unknown code",
        live,
        template,
        count=count,
    )
    lines = text.splitlines() if template and code.co_filename == _TEXT else None
    frame.source = list(_source(frame, _AROUND if own else _AROUND_LIBRARY, lines))
    if not template:
        frame.marked = _marked(code, lasti, number, frame.source)
    return frame


def _source(frame: Frame, around: int, lines: list[str] | None) -> Iterator[tuple[int, str]]:
    if lines is None:
        linecache.checkcache(frame.filename)
        lines = linecache.getlines(frame.filename, frame.live.f_globals)
    for number in range(max(1, frame.line - around), min(len(lines), frame.line + around) + 1):
        yield number, trimmed(lines[number - 1].rstrip("\n"), _LONGEST_LINE)


def _marked(code: CodeType, lasti: int, line: int, source: list[tuple[int, str]]) -> tuple[int, int] | None:
    """Which characters of the line failed, by the compiler's own positions (PEP 657)."""
    found = next(islice(code.co_positions(), lasti // 2, None), None)
    text = dict(source).get(line)
    if found is None or text is None or found[0] != line or found[2] is None or found[3] is None:
        return None
    raw = text.encode()
    start = len(raw[: found[2]].decode(errors="replace"))
    end = len(raw[: found[3]].decode(errors="replace")) if found[1] == line else len(text)
    return (start, end) if start < end <= len(text) else None
