"""Code that is sent to a frame: run there, with the request that failed as the current one.

Sync code runs in a thread of its own; what it awaits runs on the loop of the application. Ten seconds after it began
it is stopped, as far as Python can: code that waits in C is left behind. This module must not know who may send code.
"""

from __future__ import annotations

import ast
import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from inspect import CO_COROUTINE
from threading import Event, Lock, Thread, get_ident
from typing import Any

from demijohn.contexts.context import AppContext, current
from demijohn.contexts.proxies import current_app, g, request, session
from demijohn.debugger.values import interrupt
from demijohn.waiting.steps import Steps

#: Seconds that code may run, and after which it is told again.
SECONDS, _AGAIN = 10.0, 0.5
#: Characters of output that are sent.
_LONGEST = 100_000
_NAME = "<console>"
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class TooLong(BaseException):
    """What code is stopped by. No Exception, which code may catch."""


def run(
    code: str, names: dict[str, Any], ctx: AppContext, end: Callable[[], object], seconds: float | None = None
) -> Steps[str]:
    """Run code in a namespace and return what it printed, its value, or its error.

    :param names: Where it finds names and leaves its own.
    :param ctx: The context that is current for it.
    :param end: Called afterwards with that context, to give back what the code took.
    """
    for name, proxy in (("request", request), ("session", session), ("g", g), ("current_app", current_app)):
        names.setdefault(name, proxy)
    sink = Sink()
    limit = Limit(SECONDS if seconds is None else seconds)
    try:
        parts = _compiled(code)
        for kind, part in parts:
            value = limit.in_thread(_in(ctx, sink, partial(eval, part, names)))
            if part.co_flags & CO_COROUTINE and asyncio.iscoroutine(value):
                value = yield _awaited(value, ctx, sink, limit)
            if kind == "value" and value is not None:
                names["_"] = value
                sink.write(limit.in_thread(_in(ctx, sink, partial(repr, value))) + "\n")
    except TooLong:
        sink.write(f"Stopped: it ran for {limit.seconds:g} seconds.\n")
    except LeftBehind:
        sink.write(f"Left behind after {limit.seconds:g} seconds: it waits where Python cannot stop it.\n")
    except BaseException as e:
        sink.write(_told(e))
    finally:
        limit.close()
        # Its own thread, since it may wait for the loop that this runs on.
        Limit(SECONDS).quietly(_in(ctx, sink, end))
    return sink.text()


def _compiled(code: str) -> list[tuple[str, Any]]:
    """The code in two parts: all but a last expression, whose value is shown, and that."""
    tree = compile(code.strip("\n") + "\n", _NAME, "exec", ast.PyCF_ONLY_AST | _FLAGS)
    parts: list[tuple[str, Any]] = []
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if tree.body:
        parts.append(("code", compile(tree, _NAME, "exec", _FLAGS, dont_inherit=True)))
    if isinstance(last, ast.Expr):
        expression = ast.Expression(last.value)
        parts.append(("value", compile(expression, _NAME, "eval", _FLAGS, dont_inherit=True)))
    return parts


def _told(error: BaseException) -> str:
    """A traceback without the frames that led to the code."""
    try:
        told = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
        mine = [place for place, frame in enumerate(told.stack) if frame.filename == _NAME]
        told.stack[:] = told.stack[mine[0] :] if mine else []
        return "".join(told.format())
    except Exception as e:
        return f"{type(error).__name__}, whose text cannot be shown: {type(e).__name__}\n"


# Where it runs.


def _in(ctx: AppContext, sink: Sink, function: Callable[[], Any]) -> Callable[[], Any]:
    def call() -> Any:
        with _current(ctx, sink):
            return function()

    return call


@contextmanager
def _current(ctx: AppContext, sink: Sink) -> Generator[None]:
    token, told = current.set(ctx), _sink.set(sink)
    try:
        with _routed():
            yield
    finally:
        current.reset(token)
        _sink.reset(told)


async def _awaited(coroutine: Coroutine[Any, Any, Any], ctx: AppContext, sink: Sink, limit: Limit) -> Any:
    with _current(ctx, sink):
        bound = asyncio.timeout(limit.seconds)
        try:
            async with bound:
                return await _Stepped(coroutine, limit)
        except TimeoutError:
            if bound.expired():
                raise TooLong from None
            raise


class _Stepped(Awaitable[Any]):
    """A coroutine each of whose steps can be stopped."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], limit: Limit) -> None:
        self._coroutine, self._limit = coroutine, limit

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._coroutine.__await__()
        send: Any = steps.send
        value: Any = None
        while True:
            self._limit.enter()
            try:
                wanted = send(value)
            except StopIteration as stop:
                return stop.value
            finally:
                self._limit.leave()
            try:
                value, send = (yield wanted), steps.send
            except BaseException as e:
                value, send = e, steps.throw


class LeftBehind(Exception):
    """Code that did not end when it was told to."""


class Limit:
    """How long code may run: whatever runs between :meth:`enter` and :meth:`leave` is stopped after that.

    :param seconds: From the first :meth:`enter` on.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._lock = Lock()
        self._inside: int | None = None
        self._done = Event()
        self._watching = False

    def enter(self) -> None:
        """The thread of here runs code from now on."""
        with self._lock:
            if self.is_over:
                raise TooLong
            self._inside = get_ident()
            if not self._watching:
                self._watching = True
                Thread(target=self._watch, name="demijohn-console-limit", daemon=True).start()

    def leave(self) -> None:
        """It does no more."""
        with self._lock:
            if self._inside is not None:
                interrupt(self._inside, None)
            self._inside = None

    def close(self) -> None:
        """Nothing will run any more."""
        self._done.set()

    def _watch(self) -> None:
        wait = self.seconds
        while not self._done.wait(wait):
            with self._lock:
                self.is_over = True
                if self._inside is not None:
                    interrupt(self._inside, TooLong)
            wait = _AGAIN

    def in_thread(self, function: Callable[[], Any]) -> Any:
        """Call a function in a thread of its own, and wait for it as long as it may run.

        :raises LeftBehind: when it does not end then.
        """
        outcome: list[Any] = []

        def work() -> None:
            try:
                self.enter()
                try:
                    outcome[:] = [function(), None]
                finally:
                    self.leave()
            except BaseException as e:
                outcome[:] = [None, e]

        thread = Thread(target=copy_context().run, args=(work,), name="demijohn-console", daemon=True)
        thread.start()
        thread.join(self.seconds + 4 * _AGAIN)
        if not outcome:
            raise LeftBehind
        value, error = outcome
        if error is not None:
            raise error
        return value

    def quietly(self, function: Callable[[], Any]) -> None:
        """Call a function in a thread of its own, whatever comes of it."""
        try:
            self.in_thread(function)
        except Exception:  # it cleans up after code that may have left anything
            pass
        finally:
            self.close()


# What it prints.


class Sink:
    """What one piece of code has printed."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = _LONGEST

    def write(self, text: str) -> None:
        """Take a text, while there is room."""
        if self._room > 0:
            self._parts.append(text[: self._room])
        self._room -= len(text)

    def text(self) -> str:
        """All of it."""
        cut = f"\n… {-self._room:,} characters more\n" if self._room < 0 else ""
        return "".join(self._parts) + cut


_sink: ContextVar[Sink | None] = ContextVar("demijohn.console", default=None)
_streams = Lock()
_users = 0


class _Stream:
    """A standard stream that gives what code of the console prints to that code alone."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        sink = _sink.get()
        if sink is None:
            written: int = self.stream.write(text)
            return written
        sink.write(str(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def _routed() -> Generator[None]:
    """Have the standard streams ask who prints, as long as somebody is here."""
    global _users
    with _streams:
        _users += 1
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if not isinstance(stream, _Stream):
                setattr(sys, name, _Stream(stream))
    try:
        yield
    finally:
        with _streams:
            _users -= 1
            for name in ("stdout", "stderr") if not _users else ():
                stream = getattr(sys, name)
                if isinstance(stream, _Stream):
                    setattr(sys, name, stream.stream)
