"""Which tasks end their process, where there is no Redis: messages have the count, and a queue has those that failed.

A worker sees that one of its processes has died. It then sends what that had once more, with the count, before it
acknowledges it; what nobody sees is the death of the whole worker. Quorum queues count deliveries by themselves, and
are not asked: they count what a worker only held, such as a countdown, each time that a worker is told to stop.

It imports Celery, so workers and commands import it themselves.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from billiard.einfo import ExceptionInfo
from billiard.exceptions import WorkerLostError
from celery.worker import request, state

from demijohn.ext.tasks.celery_app import BROKER_ERRORS, RoomCelery
from demijohn.ext.tasks.errors import TaskCrashed
from demijohn.ext.tasks.ledger import KEPT, crashed_text, record_of
from demijohn.ext.tasks.ports import Args, Kwargs

#: Where messages have the count, and the queue that keeps what failed for it.
_HEADER = "crashes"
_QUEUE = "demijohn.tasks.crashed"


# Of Celery's the stubs do not know what is asked of it.
if TYPE_CHECKING:

    class _Request:
        app: RoomCelery
        id: str
        name: str
        args: Args
        kwargs: Kwargs
        message: Any
        delivery_info: dict[str, Any]
        _already_cancelled: bool
        _already_revoked: bool

        def on_failure(self, exc_info: Any, *args: Any, **options: Any) -> Any: ...
        def reject(self, requeue: bool = False) -> Any: ...
        def acknowledge(self) -> Any: ...
        def _success_was_stored(self) -> Any: ...

else:
    _Request = request.Request


class CountedRequest(_Request):
    """A task that a worker has taken: when its process dies, that is counted."""

    _died = False

    def on_failure(self, exc_info: Any, *args: Any, **options: Any) -> Any:
        """What Celery calls when a run ends otherwise than in a result, in the worker itself."""
        error = exc_info.exception
        error = getattr(error, "exc", error)  # with its traceback, where a process has sent it
        if self._died:
            return None  # a process that exits says so itself, and is missed a moment later
        told = self._already_cancelled or self._already_revoked or state.should_terminate
        if isinstance(error, WorkerLostError | SystemExit) and not told and not self._success_was_stored():
            self._died = True
            most = self.app.settings.max_crashes
            if self._crashes + 1 >= most:
                exc_info = self._give_up(most)
        return super().on_failure(exc_info, *args, **options)

    def reject(self, requeue: bool = False) -> Any:
        """Give the message back; after a death it goes with its count instead."""
        if requeue and self._died:
            try:
                self._send_again()
            except BROKER_ERRORS:  # then without the count
                self.app.flask.logger.warning("A crash of %s could not be counted", self.name, exc_info=True)
            else:
                return self.acknowledge()
        return super().reject(requeue=requeue)

    @property
    def _crashes(self) -> int:
        count = self.message.headers.get(_HEADER)
        return count if isinstance(count, int) else 0

    def _send_again(self) -> None:
        message = self.message
        keep = ("priority", "correlation_id", "reply_to", "delivery_mode")
        with _sending(self.app) as producer:
            producer.publish(
                message.body, content_type=message.content_type, content_encoding=message.content_encoding,
                headers={**message.headers, _HEADER: self._crashes + 1}, exchange="",
                routing_key=self.delivery_info["routing_key"], retry=False,
                **{name: message.properties[name] for name in keep if message.properties.get(name) is not None},
            )  # fmt: skip

    def _give_up(self, most: int) -> ExceptionInfo:
        record = record_of(self.id, self.name, self.args, self.kwargs, time.time())
        try:
            with _sending(self.app) as producer:
                _declare(producer.channel)
                producer.publish(record, serializer="json", exchange="", routing_key=_QUEUE, retry=False)
        except BROKER_ERRORS:  # the log has it
            self.app.flask.logger.warning("A task that crashed could not be kept: %s", record, exc_info=True)
        try:
            raise TaskCrashed(crashed_text(self.name, self.id, most))
        except TaskCrashed:
            return ExceptionInfo()


@contextmanager
def _sending(app: RoomCelery) -> Iterator[Any]:
    # One of its own: processes that are forked have those that a worker keeps open too, and close them.
    with app.connection_for_write() as connection, connection.Producer() as producer:
        yield producer


def _declare(channel: Any) -> None:
    channel.queue_declare(_QUEUE, durable=True, auto_delete=False, arguments={"x-max-length": KEPT})


def crashed(connection: Any) -> list[dict[str, Any]]:
    """The tasks that are not tried again, the latest first."""
    found: list[dict[str, Any]] = []
    with connection.channel() as channel:  # its end gives all of them back
        _declare(channel)
        while len(found) < KEPT and (message := channel.basic_get(_QUEUE)) is not None:
            found.append(json.loads(message.body))
    return found[::-1]


def forget(connection: Any) -> None:
    """Drop what is kept of those."""
    with connection.channel() as channel:
        _declare(channel)
        channel.queue_purge(_QUEUE)
