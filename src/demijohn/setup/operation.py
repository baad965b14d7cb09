"""What an application and its parts register for those who operate it: checks, numbers, what is to be known of it.

This module must not know who asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from demijohn.setup.checks import Diagnosis, Finding
from demijohn.setup.scaffold import setupmethod

F = TypeVar("F", bound=Callable[..., Any])


class Operated:
    """The part of an application that operates it."""

    def _begin_operation(self) -> None:
        """Nothing is registered yet."""
        #: What finds out about it for ``demijohn check``, see :func:`demijohn.extend.add_check`.
        self.checks: list[Callable[[Any], Iterable[Finding]]] = []
        #: What says how something is that it needs, see :func:`demijohn.extend.add_diagnosis`.
        self.diagnoses: list[Callable[[Any], Iterable[Diagnosis]]] = []
        #: What says who may call a route and how often, see :func:`demijohn.extend.describe_routes`.
        self.route_notes: list[Callable[[Any, Any], Mapping[str, str]]] = []
        #: Numbers that it and its parts say of themselves, see :func:`demijohn.extend.add_gauge`.
        self.gauges: list[tuple[str, str, Callable[[], Mapping[tuple[tuple[str, str], ...], float]]]] = []
        #: What goes with work that is handed on, see :func:`demijohn.extend.add_carrier`.
        self.carriers: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {}
        #: What looks at requests from outside, see :func:`demijohn.extend.observe`.
        self.observers: list[Any] = []
        #: What says how many threads a part of it bears, see :func:`demijohn.extend.bound_threads`.
        self.thread_bounds: list[Callable[[], int | None]] = []
        #: What ``/readyz`` asks, by its name, see :meth:`readiness_check`.
        self.readiness_checks: dict[str, Callable[[], Any]] = {}

    @setupmethod
    def readiness_check(self, name: str) -> Callable[[F], F]:
        """Have ``/readyz`` ask the decorated function, sync or async, whether the application can do its work.

        False and what it raises mean that it cannot. It runs inside an application context, in a thread of its own or
        on the loop of async views.

        :param name: What the answer calls it; one that was there under this name is replaced.
        """

        def register(f: F) -> F:
            self.readiness_checks[name] = f
            return f

        return register
