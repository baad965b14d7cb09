"""Signals that tell which models a commit changes, if ``SQLALCHEMY_TRACK_MODIFICATIONS`` is set.

Receivers get the application as the sender and ``changes``, a list of ``(object, operation)`` with the
operations ``"insert"``, ``"update"`` and ``"delete"``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import sqlalchemy.event as sa_event
import sqlalchemy.orm as sa_orm
from blinker import NamedSignal

from demijohn import Flask, has_app_context
from demijohn.ext.database.session import Session
from demijohn.extend import current_application, send_signal
from demijohn.signals import Namespace

_signals = Namespace()

#: Sent after a commit that changed models.
models_committed = _signals.signal("models-committed")
#: Sent before such a commit.
before_models_committed = _signals.signal("before-models-committed")


def _listen(session: sa_orm.scoped_session[Session] | type[Session]) -> None:
    """Follow the changes of a scoped session's sessions, or those of a session class."""
    sa_event.listen(session, "before_flush", _note_changes, named=True)
    sa_event.listen(session, "before_commit", _note_changes, named=True)
    sa_event.listen(session, "before_commit", _announce)
    sa_event.listen(session, "after_commit", _report)
    sa_event.listen(session, "after_rollback", _forget)


def _tracking_app() -> Flask | None:
    """The current application, when it wants its models followed."""
    if not has_app_context():
        return None
    app = current_application()
    return app if app.config["SQLALCHEMY_TRACK_MODIFICATIONS"] else None


def _note_changes(session: Session, **kwargs: object) -> None:
    if _tracking_app() is None:
        return
    for operation, objects in ("insert", session.new), ("update", session.dirty), ("delete", session.deleted):
        for target in objects:
            state: Any = sa.inspect(target)
            # An object has no identity before it is inserted, and another one for the map afterwards.
            session._model_changes[state.identity_key if state.has_identity else id(target)] = (
                target,
                operation,
            )


def _announce(session: Session) -> None:
    _send(before_models_committed, session)


def _report(session: Session) -> None:
    if _send(models_committed, session):
        session._model_changes.clear()


def _send(signal: NamedSignal, session: Session) -> bool:
    app = _tracking_app()
    if app is None or not session._model_changes:
        return False
    send_signal(signal, app, changes=list(session._model_changes.values()))
    return True


def _forget(session: Session) -> None:
    session._model_changes.clear()
