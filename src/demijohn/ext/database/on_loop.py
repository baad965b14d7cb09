"""What async code cannot do with a database, or should not, in words that name it.

This module must not know how sessions and engines are made.
"""

from __future__ import annotations

import sys
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, unwrap
from types import CodeType, FrameType
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.orm as sa_orm
import sqlalchemy.event as sa_event
from sqlalchemy.orm.dynamic import AppenderQuery

from demijohn import Flask, has_request_context
from demijohn.ext.database.ports import Database
from demijohn.extend import check_at_start, current_request, running_loop

__all__ = ["NotLoaded", "not_loaded", "tell_of_waiting"]

_PAGE = 'See "Async code" on the page Databases.'


class NotLoaded(sa_exc.MissingGreenlet):
    """Something was to be queried that async code has to await, such as an attribute that was not loaded.

    It is SQLAlchemy's :class:`~sqlalchemy.exc.MissingGreenlet` as well.
    """


def not_loaded() -> NotLoaded:
    """The error for a query of an async session that nobody awaits: it names what was looked at."""
    found = _looked_at()
    if found is None:
        return NotLoaded(
            f"A query of an async session is awaited: await db.async_session.execute(...). {_PAGE}"
        )
    model, key, state = found
    name = f"{model.__name__}.{key}"
    again = f"await db.async_session.refresh(instance, [{key!r}])"
    attribute = sa.inspect(model).attrs.get(key)
    if isinstance(attribute, sa_orm.RelationshipProperty):
        if attribute.lazy == "dynamic":
            return NotLoaded(
                f"{name} is a query of its own (lazy='dynamic'), which async code cannot run: make it"
                f" lazy='write_only', and ask with await db.async_session.scalars(instance.{key}.select()). {_PAGE}"
            )
        load = f"selectinload({name})"
    elif state is not None and key in state.expired_attributes:
        return NotLoaded(
            f"{name} has expired, by a rollback or a commit, and async code cannot load it by looking at it:"
            f" {again} before. {_PAGE}"
        )
    else:
        load = f"undefer({name})"
    return NotLoaded(
        f"{name} is not loaded, and async code cannot load it by looking at it: have the query load it, with"
        f" .options({load}), or {again} before. {_PAGE}"
    )


def _looked_at() -> tuple[type[Any], str, Any] | None:
    """The model and the attribute on whose account SQLAlchemy queries, and the instance's state.

    Its frames know; nothing that it hands to a session says so. It is looked for when there is an error only.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        asking, state = frame.f_locals.get("self"), frame.f_locals.get("state")
        if isinstance(asking, AppenderQuery):
            dynamic: Any = asking
            return type(dynamic.instance), dynamic.attr.key, None
        # By what they have: the classes of attributes and loaders were renamed in 2.1.
        if isinstance(state, sa_orm.InstanceState) and isinstance(key := getattr(asking, "key", None), str):
            return state.class_, key, state
        frame = frame.f_back
    return None


def tell_of_waiting(app: Flask, db: Database) -> None:
    """In debug mode, log who asks a sync engine on the event loop: a line for each view, and for each hook."""
    told: set[CodeType] = set()

    def look(*_: object) -> None:
        if running_loop() is None or not has_request_context():
            return
        endpoint = current_request().endpoint
        view = app.view_functions.get(endpoint or "")
        waiting = _Waiting(getattr(unwrap(view), "__code__", None) if view is not None else None)
        if waiting.whole is None or waiting.whole in told:
            return
        told.add(waiting.whole)
        name = waiting.whole.co_qualname
        who = (
            f"The view {endpoint!r}"
            if waiting.is_view
            else f"{name} (before the view {endpoint!r} or after it)"
        )
        app.logger.warning(
            "%s asks the database by a sync session on the event loop, at %s, and every other request waits as long:"
            " use await db.async_session there, or make it a plain def, which runs in a thread. %s",
            who, waiting.place, _PAGE,
        )  # fmt: skip

    def listen() -> None:
        # PERF: only then, because an engine that is listened to looks for its listeners at each statement.
        if app.debug:
            with app.app_context():
                for engine in db.engines.values():
                    sa_event.listen(engine, "before_cursor_execute", look)

    check_at_start(app, listen)


#: The modules that call views and hooks: what is above them is not the application's.
_CALLERS = ("demijohn.dispatch.", "demijohn.adapters.", "demijohn.waiting.", "demijohn.contexts.", "asyncio.")
#: Libraries whose frames lie between the application and its database.
_BETWEEN = ("demijohn.", "sqlalchemy.", "jinja2.")


class _Waiting:
    """Which function of the application has a statement carried out just now, and where.

    :param view: The code of the request's view.
    """

    def __init__(self, view: CodeType | None) -> None:
        #: The view, or else the outermost of the application's functions, an async one if there is any.
        self.whole: CodeType | None = None
        self.is_view = False
        self.place = ""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            module, code = f"{frame.f_globals.get('__name__', '')}.", frame.f_code
            if module.startswith(_CALLERS):
                if self.whole is not None:
                    return
            elif not module.startswith(_BETWEEN):
                self.place = self.place or f"{code.co_filename}:{frame.f_lineno}"
                if code is view:
                    self.whole, self.is_view = code, True
                    return
                if self.whole is None or code.co_flags & _ASYNC or not self.whole.co_flags & _ASYNC:
                    self.whole = code
            frame = frame.f_back


_ASYNC = CO_COROUTINE | CO_ASYNC_GENERATOR
