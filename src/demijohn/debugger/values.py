"""Values as short texts, whatever their own methods do, and without what sounds secret.

What Python itself makes is written here, piece by piece, so that a list of millions costs no more than the part of it
that is shown. Anything else is asked for its ``repr`` in a thread that is left alone when it takes too long; one page
has one budget of time. This module must not know how a value is shown.
"""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Iterable
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from werkzeug.local import LocalProxy

__all__ = ["HIDDEN", "Teller", "clean", "interrupt", "secrets_of", "sounds_secret", "trimmed"]

#: Characters of a value that are shown.
LONGEST = 200
#: Seconds that all values of a page may take, and each of them.
_ALL, _EACH = 0.8, 0.2
#: Characters of a repr beyond which it tells nobody anything.
_HUGE = 1_000_000
_DEEPEST = 6
HIDDEN = "(hidden)"

_WORDS = (
    "secret", "password", "passwd", "passphrase", "pwd", "token", "apikey", "api_key", "access_key", "private_key",
    "credential", "authorization", "cookie", "csrf",
)  # fmt: skip
_sounding = "|".join(word.replace("_", "[_-]?") for word in _WORDS)
_in_url = re.compile(r"(://[^/\s:@'\"]*:)[^/\s@'\"]+@")
_in_query = re.compile(rf"(?i)([?&;][\w.\[\]-]*(?:{_sounding})[\w.\[\]-]*=)[^&\s'\"#]+")
_in_repr = re.compile(
    rf"(?i)([\w-]*(?:{_sounding})[\w-]*['\"]?\s*[=:]\s*b?)(?:'(?:[^'\\]|\\.)*(?:'|$)|\"(?:[^\"\\]|\\.)*(?:\"|$))"
)


def sounds_secret(name: object) -> bool:
    """Whether a name is one of those whose values are not shown."""
    lowered = str(name).lower().replace("-", "_")
    return any(word in lowered for word in _WORDS)


def _is_secret(name: object, value: object) -> bool:
    """Whether a value is not shown: a flag of such a name gives nothing away."""
    return sounds_secret(name) and value is not None and not isinstance(value, bool)


def clean(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without passwords in URLs, and without these values."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    if "=" in text:
        text = _in_query.sub(rf"\1{HIDDEN}", text)
    return _in_url.sub(rf"\1{HIDDEN}@", text) if "://" in text else text


def secrets_of(settings: dict[Any, Any]) -> list[str]:
    """The values of settings whose names sound secret, which are hidden wherever they turn up."""
    found = [value for name, value in settings.items() if sounds_secret(name)]
    flat = [one for value in found for one in (value if isinstance(value, (list, tuple)) else [value])]
    texts = {one.decode("latin-1") if isinstance(one, bytes) else one for one in flat}
    return sorted((one for one in texts if isinstance(one, str) and len(one) >= 8), key=len, reverse=True)


def trimmed(text: str, longest: int = LONGEST) -> str:
    """Its beginning, where it is longer than that."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def interrupt(thread: int, error: type[BaseException] | None) -> None:
    """Have a thread raise an error at its next step in Python; None takes back one that it has not raised yet."""
    value = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)


class _GivenUp(BaseException):
    """Nobody waits for this repr any more."""


class Teller:
    """Makes the texts of the values of one page.

    :param secrets: Texts that are hidden wherever they turn up.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = tuple(secrets)
        self._left = _ALL
        self._asked: SimpleQueue[Any] | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Teller:
        return self

    def __exit__(self, *_: object) -> None:
        if self._asked is not None:
            self._asked.put(None)

    def text(self, value: object, name: object = "") -> str:
        """A value as text of some two hundred characters at most.

        :param name: What it is called.
        """
        if name and _is_secret(name, value):
            return HIDDEN
        try:
            text = self._written(value, LONGEST + 1, 0)
        except Exception as e:
            text = _unshown(value, f"cannot be shown: {type(e).__name__}")
        return trimmed(clean(text, self.secrets))

    def _written(self, value: Any, room: int, depth: int) -> str:
        kind = type(value)
        if value is None or kind is bool or kind is float or kind is complex:
            return repr(value)
        if kind is int:
            return repr(value) if value.bit_length() < 2000 else f"<int of {value.bit_length()} bits>"
        if kind is str:
            # Cleaned before it is cut: half a URL has no end by which to know its password.
            return repr(clean(value[: 8 * LONGEST], self.secrets)[: room + 1])
        if kind is bytes or kind is bytearray:
            return repr(value[: room + 1])
        if kind is LocalProxy:
            return self._written(value._get_current_object(), room, depth)
        if isinstance(value, dict):
            inner = self._pairs(value, room, depth)
            return inner if kind is dict else f"<{kind.__name__} {inner}>"
        if kind in _BRACKETS:
            left, right = _BRACKETS[kind]
            return f"{left}{self._items(value, room, depth)}{right}"
        return self._asked_for(value)

    def _pairs(self, value: dict[Any, Any], room: int, depth: int) -> str:
        if depth == _DEEPEST:
            return "{…}"
        parts: list[str] = []
        for key, inner in dict.items(value):
            if room <= 0:
                parts.append("…")
                break
            hidden = isinstance(key, (str, bytes)) and _is_secret(key, inner)
            shown = HIDDEN if hidden else self._written(inner, room, depth + 1)
            parts.append(f"{self._written(key, room, depth + 1)}: {shown}")
            room -= len(parts[-1]) + 2
        return "{" + ", ".join(parts) + "}"

    def _items(self, value: Iterable[Any], room: int, depth: int) -> str:
        if depth == _DEEPEST:
            return "…"
        parts: list[str] = []
        for inner in value:
            if room <= 0:
                parts.append("…")
                break
            parts.append(self._written(inner, room, depth + 1))
            room -= len(parts[-1]) + 2
        return ", ".join(parts)

    def _asked_for(self, value: object) -> str:
        """Its own repr, unless that takes longer than it may."""
        if _is_quick(type(value)):
            return _repr(value)
        if self._left <= 0:
            return _unshown(value, "not asked any more: other values took too long")
        if self._asked is None:
            self._asked = SimpleQueue()
            self._thread = Thread(
                target=copy_context().run, args=(_answer, self._asked), name="demijohn-values", daemon=True
            )
            self._thread.start()
        answer: list[str] = []
        done = Event()
        self._asked.put((value, answer, done))
        began = monotonic()
        in_time = done.wait(min(_EACH, self._left))
        self._left -= monotonic() - began
        if in_time:
            return answer[0]
        thread = self._thread
        self._asked = self._thread = None
        if thread is not None and thread.ident is not None:
            interrupt(thread.ident, _GivenUp)
        return _unshown(value, "its repr takes too long")


def _is_quick(kind: type) -> bool:
    """Whether its repr is known to be short and quick, and so needs no thread, which costs more than all the rest."""
    method: Any = kind.__repr__
    if method is object.__repr__ or kind in _QUICK:
        return True
    return str(getattr(method, "__module__", "")).startswith(
        ("demijohn.contexts", "demijohn.setup", "werkzeug.wrap")
    )


_QUICK = frozenset({range, GeneratorType, CoroutineType, AsyncGeneratorType})

_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
}


def _answer(asked: SimpleQueue[Any]) -> None:
    try:
        while (wanted := asked.get()) is not None:
            value, answer, done = wanted
            answer.append(_repr(value))
            done.set()
            del wanted, value, answer, done
    except _GivenUp:
        return


def _repr(value: object) -> str:
    try:
        text = repr(value)
    except _GivenUp:
        raise
    except BaseException as e:
        return _unshown(value, f"cannot be shown: {type(e).__name__}")
    if len(text) > _HUGE:
        return _unshown(value, f"its repr has {len(text):,} characters")
    return _in_repr.sub(rf"\1{HIDDEN}", text[: 8 * LONGEST])


def _unshown(value: object, why: str) -> str:
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"<{name}> ({why})"
