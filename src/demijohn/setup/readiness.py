"""Whether an application can do its work: the checks behind ``/readyz``, all of them within one time limit.

Each check has a thread of its own, so that one which hangs keeps neither a request's thread nor the event loop; it is
not begun again before it has ended. Whoever asks while checks run is given their result: nobody can make them run more
often than one after the other. This module must not know how an answer is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context
from threading import Lock, Thread
from time import monotonic
from typing import Any, NamedTuple, Protocol
from weakref import ref

from demijohn.contexts import ports
from demijohn.contexts.context import AppContext
from demijohn.waiting.drivers import wait
from demijohn.waiting.steps import is_awaitable

__all__ = ["Readiness", "Report"]


class Report(NamedTuple):
    """What was found."""

    #: ``ok``, ``failing`` or ``stopping``.
    status: str
    #: ``ok`` or ``failing``, by the name of the check.
    checks: dict[str, str]
    #: Why those fail that do: for the log, and for who sits at the machine.
    errors: dict[str, str]


class Application(ports.Application, Protocol):
    """An application, as far as its checks go."""

    readiness_checks: dict[str, Callable[[], Any]]

    def app_context(self) -> AppContext:
        """A context that makes the application current."""
        ...


class Readiness:
    """Runs the checks of an application.

    :param app: The application.
    """

    def __init__(self, app: Application) -> None:
        self._app = ref(app)
        self._lock = Lock()
        self._asked: Future[Report] | None = None
        self._running: dict[str, Future[None]] = {}
        self._failing: set[str] = set()

    @property
    def app(self) -> Application:
        """The application, which holds this and not the other way round."""
        app = self._app()
        if app is None:
            raise ReferenceError("The application of these checks is gone: keep a reference to it.")
        return app

    def ask(self) -> Future[Report]:
        """What the checks say, once they have said it."""
        with self._lock:
            asked = self._asked
            if asked is None or asked.done():
                asked = self._asked = Future()
                _start(self._run, asked)
        return asked

    def _run(self, asked: Future[Report]) -> None:
        try:
            app = self.app
            end = monotonic() + app.own_setting("READINESS_TIMEOUT")
            begun = {name: self._begin(name, check) for name, check in tuple(app.readiness_checks.items())}
            found = {name: self._result(name, result, end) for name, result in begun.items()}
            errors = {name: why for name, why in found.items() if why is not None}
            checks = {name: "ok" if why is None else "failing" for name, why in found.items()}
            asked.set_result(Report("failing" if errors else "ok", checks, errors))
        except BaseException as e:
            asked.set_exception(e)

    def _begin(self, name: str, check: Callable[[], Any]) -> Future[None]:
        running = self._running.get(name)
        if running is None or running.done():
            running = self._running[name] = Future()
            _start(self._call, check, running)
        return running

    def _call(self, check: Callable[[], Any], result: Future[None]) -> None:
        try:
            with self.app.app_context():
                found = check()
                if is_awaitable(found):
                    found = wait(found)
            if found is False:
                raise CheckFailed("it returned False")
        except BaseException as e:
            result.set_exception(e)
        else:
            result.set_result(None)

    def _result(self, name: str, result: Future[None], end: float) -> str | None:
        """Why a check says no, or None; it is logged when that begins and when it ends."""
        try:
            result.result(max(0.0, end - monotonic()))
        except BaseException as e:
            late = isinstance(e, TimeoutError) and not result.done()
            why = "it has not ended within READINESS_TIMEOUT" if late else f"{type(e).__name__}: {e}"
            if name not in self._failing:
                self._failing.add(name)
                self.app.logger.error(
                    "The readiness check %r fails: %s", name, why, exc_info=None if late else e
                )
            return why
        if name in self._failing:
            self._failing.discard(name)
            self.app.logger.info("The readiness check %r is well again", name)
        return None


class CheckFailed(Exception):
    """A check has found that the application cannot do its work."""


def _start(function: Callable[..., None], *args: Any) -> None:
    # In a context of its own: not the request's of whoever asks.
    Thread(target=Context().run, args=(function, *args), name="demijohn-readiness", daemon=True).start()
