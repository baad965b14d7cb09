"""What is decided once per endpoint, so that it is not decided per request.

A plan merges the hooks of the application and of the endpoint's blueprints, in the order they run,
and says where the request runs under an event loop. This module must not know how it is run.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from demijohn.wrappers.request import split_blueprint_path
from demijohn.waiting.callables import is_async


class Plan:
    """The hooks of one rule's endpoint.

    :param app: The application, set up.
    :param rule: The rule that matched, or None for requests whose routing failed.
    :param websocket: Take the hooks of WebSockets instead of those of requests.
    """

    __slots__ = (
        "after", "answers_options", "appcontext_teardown", "at_once", "auto_options", "awaits", "before",
        "express", "hooks", "in_place", "rule", "stream", "teardown", "tears_down", "url_preprocessors", "view",
    )  # fmt: skip

    def __init__(self, app: Any, rule: Any, *, websocket: bool = False, options: bool = False) -> None:
        self.rule = rule
        endpoint = None if rule is None else rule.endpoint
        names: list[str | None] = [None]
        if endpoint is not None and "." in endpoint:
            names += reversed(split_blueprint_path(endpoint.rpartition(".")[0]))
        inner_first = names[::-1]
        self.url_preprocessors = _merged(app.url_value_preprocessors, names)
        kind = "websocket" if websocket else "request"
        self.before = _merged(getattr(app, f"before_{kind}_funcs"), names)
        self.after = _merged(getattr(app, f"after_{kind}_funcs"), inner_first, backwards=True)
        self.teardown = _merged(getattr(app, f"teardown_{kind}_funcs"), inner_first, backwards=True)
        self.appcontext_teardown = tuple(reversed(app.teardown_appcontext_funcs))
        if app._own_sync:
            for kept in ("before", "after", "teardown", "appcontext_teardown"):
                setattr(self, kept, tuple(map(app.ensure_sync, getattr(self, kept))))
        self.hooks = bool(self.before or self.url_preprocessors)
        self.tears_down = bool(
            self.teardown
            or self.appcontext_teardown
            or app._custom & {"do_teardown_request", "do_teardown_appcontext"}
        )
        self.stream = bool(getattr(rule, "stream", False))
        #: Whether this is the plan of an OPTIONS request that is answered without the view.
        self.answers_options = options
        #: The view, or None when there is more to do than call it (or it does not exist).
        self.view: Callable[..., Any] | None = None
        if endpoint is not None and not options:
            self.view = app.view_functions.get(endpoint)
            if app._own_sync and self.view is not None:
                self.view = app.ensure_sync(self.view)
        #: The plan for OPTIONS requests where they are answered automatically.
        self.auto_options: Plan | None = None
        if getattr(rule, "provide_automatic_options", False) and not options:
            self.auto_options = Plan(app, rule, options=True)
        self.in_place = self._may_run_on_loop(app, rule)
        #: Whether there is nothing around the view, so that the request may take the short way.
        self.express = (rule is None or self.view is not None) and not (
            self.hooks or self.after or self.tears_down or options
        )
        #: Whether what the view returns is certainly a coroutine.
        self.awaits = iscoroutinefunction(self.view)
        #: Whether the request may take the short way on an event loop.
        self.at_once = self.express and self.in_place

    def _may_run_on_loop(self, app: Any, rule: Any) -> bool:
        """Whether nothing of the request can block: all async, or declared not to block."""
        functions = (*self.before, *self.after, *self.teardown, *self.appcontext_teardown)
        blocking = getattr(rule, "blocking", None)
        if blocking is None:
            blocking = getattr(app, "blocking", True)
        if self.view is not None and blocking and not _is_async_view(self.view):
            return False
        if self.url_preprocessors and blocking:
            return False
        # A function can say of itself that it does not block, as a view or an application can.
        return not app._blocking_steps and all(
            is_async(f) or not getattr(f, "blocking", blocking) for f in functions
        )


def _is_async_view(view: Any) -> bool:
    return is_async(view) or bool(getattr(view, "is_async", False))


def _merged(table: Any, names: list[str | None], *, backwards: bool = False) -> tuple[Any, ...]:
    merged: list[Any] = []
    for name in names:
        if name in table:
            merged += reversed(table[name]) if backwards else table[name]
    return tuple(merged)
