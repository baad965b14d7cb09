"""Queries as they were executed: recorded for the current context, and logged when they were slow.

This module must not know sessions; it listens to engines.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import FrameType
from typing import Any

import sqlalchemy as sa
import sqlalchemy.event as sa_event
from sqlalchemy.engine.default import DefaultExecutionContext

from demijohn import current_app, g, has_app_context

_STARTED = "_demijohn_started"


@dataclass
class _QueryInfo:
    """One executed statement.

    :param statement: The SQL, with placeholders.
    :param parameters: What stood for them.
    :param start_time: When it was sent, in seconds of :func:`time.perf_counter`.
    :param end_time: When the answer was there.
    :param location: The place in the application's code, ``file:line (function)``.
    """

    statement: str | None
    parameters: Any
    start_time: float
    end_time: float
    location: str

    @property
    def duration(self) -> float:
        """Seconds from sending to the answer."""
        return self.end_time - self.start_time


def get_recorded_queries() -> list[_QueryInfo]:
    """The statements executed in the current context, if ``SQLALCHEMY_RECORD_QUERIES`` is set."""
    recorded: list[_QueryInfo] = g.get("_sqlalchemy_queries", [])
    return recorded


def _listen(engine: sa.Engine) -> None:
    """Record what an engine executes."""
    sa_event.listen(engine, "before_cursor_execute", _note_start, named=True)
    sa_event.listen(engine, "after_cursor_execute", _record, named=True)


def log_slow_queries(engine: sa.Engine, limit: float) -> None:
    """Warn about each statement that takes ``limit`` seconds or longer; parameters are not logged."""

    def look(context: DefaultExecutionContext, **kwargs: object) -> None:
        duration = perf_counter() - getattr(context, _STARTED, perf_counter())
        if duration >= limit and has_app_context():
            statement = " ".join((context.statement or "").split())
            current_app.logger.warning(
                "Slow query: %.3f s at %s: %s", duration, locate(), statement[:_LONGEST_STATEMENT]
            )

    sa_event.listen(engine, "before_cursor_execute", _note_start, named=True)
    sa_event.listen(engine, "after_cursor_execute", look, named=True)


_LONGEST_STATEMENT = 2000


def _note_start(context: DefaultExecutionContext, **kwargs: object) -> None:
    setattr(context, _STARTED, perf_counter())


def _record(context: DefaultExecutionContext, **kwargs: object) -> None:
    if not has_app_context():
        return
    end = perf_counter()
    queries = g.setdefault("_sqlalchemy_queries", [])
    start = getattr(context, _STARTED, end)
    queries.append(_QueryInfo(context.statement, context.parameters, start, end, locate()))


def locate() -> str:
    """Where in the application's own code we are, ``file:line (function)``, else ``<unknown>``."""
    package = current_app.import_name.partition(".")[0]
    for frame in _frames():
        name = frame.f_globals.get("__name__", "")
        if name == package or name.startswith(f"{package}."):
            return f"{frame.f_code.co_filename}:{frame.f_lineno} ({frame.f_code.co_name})"
    return "<unknown>"


def listen_as_set(engine: sa.Engine, config: Mapping[str, Any]) -> None:
    """Record an engine's queries, or log the slow ones, as the settings say."""
    if config["SQLALCHEMY_RECORD_QUERIES"]:
        _listen(engine)
    if config["SQLALCHEMY_SLOW_QUERY"] is not None:
        log_slow_queries(engine, float(config["SQLALCHEMY_SLOW_QUERY"]))


def _frames() -> Iterator[FrameType]:
    """The frames of the running code, innermost first; those of who awaits, when it is an async query."""
    frame = inspect.currentframe()
    # SQLAlchemy runs async queries in a greenlet, whose frames end where the greenlet begins.
    greenlet = sys.modules.get("greenlet")
    current = greenlet.getcurrent() if greenlet is not None else None
    while frame is not None:
        yield frame
        frame = frame.f_back
        if frame is None and current is not None:
            current = current.parent
            frame = None if current is None else current.gr_frame
