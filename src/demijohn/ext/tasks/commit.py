"""Tasks that are sent when the database commits.

What is kept belongs to the session, and to the transaction or savepoint that was open: it goes with it. This module
must not know where sessions come from, beyond the ``session`` of ``app.extensions["sqlalchemy"]``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demijohn.ext.tasks.ports import Args, Kwargs, SendingTask
from demijohn.extend import current_application, later

if TYPE_CHECKING:
    import sqlalchemy.event as sa_event
    import sqlalchemy.orm as sa_orm
else:
    sa_event = later("sqlalchemy.event")  # only an application with a database sends on commit

#: In ``session.info``: what waits for the commit.
WAITING = "demijohn.tasks.waiting"


class _Waiting:
    """A task that waits for a commit."""

    __slots__ = ("committed", "name", "send", "transaction")

    def __init__(
        self, name: str, send: Callable[[], object], transaction: sa_orm.SessionTransaction | None
    ) -> None:
        self.name = name
        self.send = send
        self.transaction = transaction
        self.committed = False


def send_on_commit(task: SendingTask, args: Args, kwargs: Kwargs) -> Any:
    """Keep a task until the current session commits.

    :raises RuntimeError: when the application has no database.
    """
    session = _session(task.name)
    job, send = task.prepare(args, kwargs)
    if WAITING not in session.info:
        session.info[WAITING] = []
        sa_event.listen(session, "after_commit", _committed)
        sa_event.listen(session, "after_transaction_end", _ended)
    transaction = session.get_nested_transaction() or session.get_transaction()
    session.info[WAITING].append(_Waiting(task.name, send, transaction))
    return job


def _session(name: str) -> Any:
    """The session that the code of here works with: the async one where only that has begun."""
    db = current_application().extensions.get("sqlalchemy")
    if db is None:
        raise RuntimeError(
            f"{name!r} is to be sent when the database commits, and the application has none:"
            " make it a SQLAlchemy, or send the task with delay()."
        )
    on_loop = getattr(db, "async_session", None)
    registry = getattr(on_loop, "registry", None)
    if on_loop is not None and registry is not None and registry.has() and not db.session.registry.has():
        return on_loop().sync_session
    return db.session()


def _committed(session: sa_orm.Session) -> None:
    """A commit: of a savepoint, whose tasks are its surrounding transaction's from now on, or of all."""
    nested = session.get_nested_transaction()
    for waiting in session.info.get(WAITING, ()):
        if nested is None:
            waiting.committed = True
        elif waiting.transaction is nested:
            waiting.transaction = nested.parent


def _ended(session: sa_orm.Session, transaction: sa_orm.SessionTransaction) -> None:
    """The end of a transaction or savepoint: what was committed is sent, what was not is dropped.

    Sent here and not in the commit, when the connection is still held and an error would leave the session broken.
    """
    waiting = session.info.get(WAITING)
    if not waiting:
        return
    if transaction.parent is not None:
        waiting[:] = [each for each in waiting if each.transaction is not transaction]
        return
    ready = [each for each in waiting if each.committed]
    waiting.clear()
    for number, each in enumerate(ready):
        try:
            each.send()
        except Exception:
            # A broker that is away takes none of them, and each try would take its time.
            if left := [after.name for after in ready[number + 1 :]]:
                current_application().logger.error("Nor were sent after the commit: %s", ", ".join(left))
            raise
