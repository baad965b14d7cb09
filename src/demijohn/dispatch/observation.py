"""One request, seen from outside: what the access log, measurements and tracing are told of it.

An observer is told that a request begins, that its call has ended, and, once the last byte of its answer was sent, how
it went. It changes nothing but the answer's ``X-Request-ID``. This module must not know protocols, nor who observes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from time import perf_counter
from typing import Any, TypeAlias

from demijohn.contexts.request_ids import FIELD
from demijohn.contexts.way import Plan
from demijohn.dispatch.ports import Application

__all__ = ["Observation", "Observing", "SEEN", "says_id"]

#: Where an environ and an ASGI scope say which application looks at their request.
SEEN = "demijohn.observation"

#: What an observer does with a request.
Told: TypeAlias = Callable[["Observation"], None]


class Observation:
    """One request, seen from outside; each protocol has its own kind, which is made when the request begins."""

    #: ``wsgi``, ``asgi`` or ``rsgi``.
    protocol: str

    # PERF: what a request begins with is on the class, so that its own are few (0.1 us).

    #: The status of the answer; 0 before it is known.
    status = 0
    #: Bytes of the answer's body that were handed to the server.
    sent = 0
    #: What the application raised, if it did.
    error: BaseException | None = None
    #: When its answer began, by :func:`time.perf_counter`, where slow ones are looked for; else 0, as before it has.
    answered = 0.0
    #: What routing found for it.
    plan: Plan | None = None

    app: Application
    observing: Observing
    method: str
    #: The path as WSGI has it: below the prefix, its bytes read as latin-1.
    path: str
    #: The client's address; by ``TRUSTED_PROXIES``, where that is set, once its answer has begun.
    remote_addr: str
    #: When it began, by the same clock as ``answered``.
    began: float

    @cached_property
    def data(self) -> dict[Any, Any]:
        """What observers keep with it, by keys of their own."""
        return {}

    @property
    def duration(self) -> float:
        """Seconds since it began."""
        return perf_counter() - self.began

    @property
    def route(self) -> str | None:
        """The rule that matched, such as ``/bottles/<int:id>``; None where none did."""
        rule = None if self.plan is None else self.plan.rule
        return None if rule is None else rule.rule

    @property
    def endpoint(self) -> str | None:
        """The endpoint of that rule."""
        rule = None if self.plan is None else self.plan.rule
        return None if rule is None else rule.endpoint

    @cached_property
    def request_id(self) -> str:
        """The id of the request."""
        return self.find_id()

    @property
    def shown_path(self) -> str:
        """The path as text."""
        path = self.path
        return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")

    @property
    def view(self) -> str:
        """The view that it was for, in words, as a reader looks for it."""
        endpoint = self.endpoint
        if endpoint is None:
            return "no view"
        code = getattr(self.app.view_functions.get(endpoint), "__code__", None)
        where = "" if code is None else f", {code.co_filename}:{code.co_firstlineno}"
        return f"view {endpoint!r}{where}"

    # What each protocol knows.

    def find_id(self) -> str:
        """The id of a request that has none here yet."""
        raise NotImplementedError

    def header(self, name: str) -> str | None:
        """A header field of the request, by its name in lower case; several as one."""
        raise NotImplementedError

    @property
    def http_version(self) -> str:
        """``1.1``, for example."""
        raise NotImplementedError

    def failed(self, error: BaseException) -> None:
        """Note that the application raised; a server answers 500 then, or breaks off."""
        self.error = error
        if not self.status:
            self.status = 500
        self.finish()

    def leave(self) -> None:
        """Tell that the call has ended, in its context; the latest that began first."""
        for leave in reversed(self.observing.leaves):
            leave(self)

    def finish(self) -> None:
        """Tell that the last byte was sent."""
        for end in self.observing.ends:
            end(self)


class Observing:
    """What is done about each request of an application.

    :param observers: Who is told.
    :param ids: Whether each request has an id, and its answer says it.
    :param forward: Puts what trusted proxies say into an environ; None where there are none.
    :param times: Whether somebody wants to know when an answer began.
    :param loop_limit: Seconds that a request may keep the event loop to itself before that is told of; None for no end.
    """

    __slots__ = ("begins", "ends", "forward", "ids", "leaves", "loop_limit", "times")

    def __init__(
        self,
        observers: Iterable[Any],
        ids: bool,
        forward: Callable[[Any], None] | None,
        times: bool,
        loop_limit: float | None,
    ) -> None:
        observers = tuple(observers)
        self.ids = ids
        self.forward = forward
        self.times = times
        self.loop_limit = loop_limit
        self.begins = _those_of("begin", observers)
        self.leaves = _those_of("leave", observers)
        self.ends = _those_of("end", observers)


def _those_of(name: str, observers: Iterable[Any]) -> tuple[Told, ...]:
    methods = (getattr(observer, name, None) for observer in observers)
    return tuple(method for method in methods if method is not None)


def says_id(fields: Iterable[tuple[str, str]]) -> bool:
    """Whether an answer says its id itself."""
    for name, _ in fields:  # noqa: SIM110 - PERF: most names are of another length (0.2 us less)
        if len(name) == len(FIELD) and name.lower() == FIELD.lower():
            return True
    return False
