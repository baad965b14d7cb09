"""A traceback as data: exceptions in the order they caused each other, frames with their source.

This module must not know how it is shown.
"""

from __future__ import annotations

import linecache
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, TracebackType

#: Lines of source shown around the line that failed.
_AROUND = 5
#: Characters of a value's repr that are shown, and names of a frame.
_LONGEST_VALUE = 200
_MOST_NAMES = 40

_LIBRARY_FOLDERS = tuple({sysconfig.get_path(name) for name in ("stdlib", "platlib", "purelib")})
#: What locals hold but nobody looks for in a traceback, and templates hold by the dozen.
_DEFINITIONS = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)
_PASSWORD_IN_URL = re.compile(r"(://[^/\s:@'\"]*:)[^/\s@'\"]+@")
_SECRET_WORDS = ("secret", "password", "passwd", "token", "api_key", "authorization", "cookie")


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a traceback.

    :param own: Whether the code is the application's own, not a library's.
    :param library: The top-level module that the code belongs to.
    :param source: Pairs of line number and text around ``line``.
    :param names: Local names with the repr of their values; secrets are hidden.
    """

    filename: str
    line: int
    function: str
    own: bool
    library: str = ""
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
            for name, value in list(frame.f_locals.items())
            if not name.startswith("__") and not isinstance(value, _DEFINITIONS)
        ][:_MOST_NAMES]
        yield Frame(
            code.co_filename,
            line,
            code.co_qualname,
            not code.co_filename.startswith(_LIBRARY_FOLDERS)
            and not _is_ours(frame.f_globals.get("__name__", "")),
            str(frame.f_globals.get("__name__", "")).partition(".")[0] or "unknown code",
            list(_source(code.co_filename, line, frame.f_globals)),
            names,
        )
        traceback = traceback.tb_next


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "demijohn"


def _source(filename: str, line: int, module: dict[str, object]) -> Iterator[tuple[int, str]]:
    lines = linecache.getlines(filename, module)
    for number in range(max(1, line - _AROUND), min(len(lines), line + _AROUND) + 1):
        yield number, lines[number - 1].rstrip("\n")


def _sounds_secret(name: object) -> bool:
    lowered = str(name).lower()
    return any(word in lowered for word in _SECRET_WORDS)


def _shown(name: str, value: object) -> str:
    if _sounds_secret(name):
        return "(hidden)"
    return _PASSWORD_IN_URL.sub(r"\1(hidden)@", _text(_without_secrets(value), as_repr=True))


def _without_secrets(value: object, depth: int = 3) -> object:
    """A dictionary, such as the configuration, with the values hidden whose names sound secret."""
    if not isinstance(value, dict) or depth == 0:
        return value
    return {
        key: _Hidden() if _sounds_secret(key) else _without_secrets(inner, depth - 1)
        for key, inner in value.items()
    }


class _Hidden:
    def __repr__(self) -> str:
        return "(hidden)"


def _text(value: object, as_repr: bool = False) -> str:
    """Its text, however badly its own methods behave."""
    try:
        text = repr(value) if as_repr else str(value)
    except Exception as e:
        return f"({type(value).__name__} whose text cannot be shown: {type(e).__name__})"
    if as_repr and len(text) > _LONGEST_VALUE:
        return f"{text[:_LONGEST_VALUE]}…"
    return text
