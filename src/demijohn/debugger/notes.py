"""What is noted of a request while it runs: its statements of SQL with their times, its templates, its connections.

SQLAlchemy is listened to once an application has imported it; it is never imported from here. This module must not
know what the notes are for.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable
from threading import Lock
from types import FrameType
from typing import Any
from weakref import ref

from demijohn.contexts.context import AppContext, current
from demijohn.waiting.steps import Steps

__all__ = ["Notes", "Statement", "begin", "close_held", "listen_to_databases", "note_template", "notes_of"]

#: Statements and templates of a request that are noted one by one, and the characters of each that are kept.
_MOST, _LONGEST = 200, 2000
_KEY = "notes of debug mode"


class Statement:
    """One statement that was sent to a database; ``seconds`` is None until it was answered."""

    __slots__ = ("began", "seconds", "text")

    def __init__(self, text: str) -> None:
        self.text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        self.began = time.perf_counter()
        self.seconds: float | None = None


class Notes:
    """The notes of one request."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.statements: list[Statement] = []
        self.statement_count = 0
        self.sql_seconds = 0.0
        #: Names of templates with the names and values that they were given.
        self.templates: list[tuple[str, dict[str, Any]]] = []
        self.template_count = 0
        #: Connections that are out of their pool.
        self.connections: list[ref[Any]] = []

    def close_connections(self) -> Steps[None]:
        """Give back what only the frames of an error hold, which without them nothing would."""
        for reference in self.connections:
            fairy = reference()
            if fairy is None or not fairy.is_valid:
                continue
            try:
                if getattr(fairy._pool._dialect, "is_async", False):
                    # Here, where SQLAlchemy is known to be.
                    from sqlalchemy.util import greenlet_spawn

                    yield greenlet_spawn(fairy.close)
                else:
                    fairy.close()
            except Exception:  # a connection that broke is nobody's any more
                continue
        self.connections.clear()


_lock = Lock()
_listening = False


def notes_of(ctx: AppContext | None) -> Notes | None:
    """The notes of a context; they are in it, and gone with it."""
    found: Notes | None = None if ctx is None else vars(ctx).get(_KEY)
    return found


def begin(ctx: AppContext) -> Notes:
    """Begin the notes of a context."""
    notes = vars(ctx)[_KEY] = Notes()
    return notes


def listen_to_databases() -> None:
    """Note what SQLAlchemy does for requests, if it is here."""
    global _listening
    if _listening or "sqlalchemy.engine" not in sys.modules:
        return
    with _lock:
        if _listening:
            return
        # Here, where it has been imported by the application, and nowhere else.
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        event.listen(Engine, "before_cursor_execute", _before)
        event.listen(Engine, "after_cursor_execute", _after)
        event.listen(Pool, "checkout", _checked_out)
        _listening = True


def _before(conn: Any, cursor: Any, text: str, parameters: Any, context: Any, many: bool) -> None:
    notes = notes_of(current.get(None))
    if notes is None:
        return
    notes.statement_count += 1
    statement = Statement(text)
    if len(notes.statements) < _MOST:
        notes.statements.append(statement)
    if context is not None:
        context.demijohn_statement = statement


def _after(conn: Any, cursor: Any, text: str, parameters: Any, context: Any, many: bool) -> None:
    statement = getattr(context, "demijohn_statement", None)
    notes = notes_of(current.get(None))
    if statement is not None:
        statement.seconds = time.perf_counter() - statement.began
        if notes is not None:
            notes.sql_seconds += statement.seconds


def _checked_out(connection: Any, record: Any, fairy: Any) -> None:
    notes = notes_of(current.get(None))
    if notes is not None:
        notes.connections = [one for one in notes.connections if one() is not None]
        notes.connections.append(ref(fairy))


def note_template(_: Any, template: Any, context: dict[str, Any], **values: Any) -> None:
    """Note a template that was rendered; a receiver of ``template_rendered``."""
    notes = notes_of(current.get(None))
    if notes is not None:
        notes.template_count += 1
        if len(notes.templates) < _MOST // 4:
            notes.templates.append((template.name or "(a text)", context))


def close_held(frames: Iterable[FrameType]) -> None:
    """Close connections of drivers that nothing holds but these frames: without them they would be gone by now."""
    found: dict[int, Any] = {}
    ours: set[int] = set()
    for frame in frames:
        names = frame.f_locals
        ours |= {id(frame), id(names)}
        found.update({id(value): value for value in names.values() if _is_connection(value)})
    ours.add(id(sys._getframe()))
    while found:
        _, value = found.popitem()
        # What it has itself may lead back to it, as the statements do that sqlite3 keeps.
        own = [one for one in gc.get_referents(value) if not isinstance(one, type)]
        its = ours.union(map(id, own), map(id, gc.get_referents(*own)))
        if all(id(one) in its or one is own for one in gc.get_referrers(value)):
            try:
                value.close()
            except Exception:  # in use by another thread, or broken
                continue


def _is_connection(value: object) -> bool:
    """Whether it has what a connection has by PEP 249."""
    kind = type(value)
    return all(hasattr(kind, name) for name in ("cursor", "commit", "rollback", "close"))
