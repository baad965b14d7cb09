"""A traceback as data: exceptions in the order they caused each other, frames with their source.

This module must not know how it is shown.
"""

from __future__ import annotations

import linecache
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType

#: Lines of source shown around the line that failed.
_AROUND = 5
#: Characters of a value's repr that are shown, and names of a frame.
_LONGEST_VALUE = 200
_MOST_NAMES = 40

_LIBRARY_FOLDERS = tuple({sysconfig.get_path(name) for name in ("stdlib", "platlib", "purelib")})
_SECRET_WORDS = ("secret", "password", "passwd", "token", "api_key", "authorization", "cookie")


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a traceback.

    :param own: Whether the code is the application's own, not a library's.
    :param source: Pairs of line number and text around ``line``.
    :param names: Local names with the repr of their values; secrets are hidden.
    """

    filename: str
    line: int
    function: str
    own: bool
    source: list[tuple[int, str]] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Problem:
    """One exception with its frames, and how it came about from the one before."""

    kind: str
    message: str
    frames: list[Frame]
    link: str = ""


def read(error: BaseException) -> list[Problem]:
    """The exceptions that led to ``error``, first cause first, ``error`` last."""
    problems: list[Problem] = []
    seen: set[int] = set()
    current: BaseException | None = error
    link = ""
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        name = (
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        )
        problems.append(Problem(name, _text(current), list(_frames(current.__traceback__)), link))
        if current.__cause__ is not None:
            current, link = current.__cause__, "This was the direct cause of the next exception:"
        elif current.__suppress_context__:
            current = None
        else:
            current, link = current.__context__, "While this was handled, another exception occurred:"
    return problems[::-1]


def _frames(traceback: TracebackType | None) -> Iterator[Frame]:
    while traceback is not None:
        frame, line = traceback.tb_frame, traceback.tb_lineno
        code = frame.f_code
        names = [
            (name, _shown(name, value))
            for name, value in list(frame.f_locals.items())[:_MOST_NAMES]
            if not name.startswith("__")
        ]
        yield Frame(
            code.co_filename,
            line,
            code.co_qualname,
            not code.co_filename.startswith(_LIBRARY_FOLDERS)
            and "demijohn" not in frame.f_globals.get("__name__", ""),
            list(_source(code.co_filename, line, frame.f_globals)),
            names,
        )
        traceback = traceback.tb_next


def _source(filename: str, line: int, module: dict[str, object]) -> Iterator[tuple[int, str]]:
    lines = linecache.getlines(filename, module)
    for number in range(max(1, line - _AROUND), min(len(lines), line + _AROUND) + 1):
        yield number, lines[number - 1].rstrip("\n")


def _shown(name: str, value: object) -> str:
    lowered = name.lower()
    if any(word in lowered for word in _SECRET_WORDS):
        return "(hidden)"
    return _text(value, as_repr=True)


def _text(value: object, as_repr: bool = False) -> str:
    """Its text, however badly its own methods behave."""
    try:
        text = repr(value) if as_repr else str(value)
    except Exception as e:
        return f"({type(value).__name__} whose text cannot be shown: {type(e).__name__})"
    if as_repr and len(text) > _LONGEST_VALUE:
        return f"{text[:_LONGEST_VALUE]}…"
    return text
