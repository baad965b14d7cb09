"""A worker: Celery's, with what it leaves to chance decided.

It keeps what it has alive on Redis, counts the runs that never end, and when it is told to stop gives back what it
cannot finish. This module must not know of commands.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import Any

from celery import bootsteps, signals
from celery.worker import state

from demijohn.ext.tasks.crashes import CountedRequest
from demijohn.ext.tasks.ledger import Ledger
from demijohn.ext.tasks.ports import Room

_log = logging.getLogger(__name__)


class KeepAlive(bootsteps.StartStopStep):
    """Says now and then that this worker has what it has, as long as it has it."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        settings = consumer.app.settings
        self.enabled = settings.on_redis
        self._every = settings.rescue / 6
        self._timer: Any = None
        super().__init__(consumer, **options)

    def start(self, parent: Any) -> None:
        """Begin, with each new connection."""
        self._timer = parent.timer.call_repeatedly(self._every, self._keep, (parent,), priority=10)

    def stop(self, parent: Any) -> None:
        """End, with the connection. Not when it stops: what runs until then is still kept."""
        if self._timer is not None and not state.should_stop:
            self._timer.cancel()
            self._timer = None

    def _keep(self, consumer: Any) -> None:
        try:
            consumer.task_consumer.channel.qos.keep()
        except Exception:  # the loop of the worker connects anew
            _log.warning("What this worker has could not be kept alive", exc_info=True)


class Worker:
    """A worker of an application.

    :param tasks: The application's tasks.
    :param concurrency: Processes; None, one for each processor.
    :param queues: Names of queues; None, the default one.
    :param graceful_timeout: Seconds that running tasks have when the worker is told to stop.
    """

    def __init__(
        self,
        tasks: Room,
        concurrency: int | None,
        queues: str | None,
        graceful_timeout: float,
        loglevel: str = "INFO",
    ) -> None:
        self._tasks = tasks
        self._celery = tasks.celery
        self._grace = graceful_timeout
        if tasks.settings.ledger is not None:
            self._celery.ledger = Ledger(
                tasks.app, tasks.settings.ledger, tasks.settings.max_crashes, tasks.settings.publish_timeout
            )
        elif tasks.settings.counts_in_messages:
            self._celery.Task.Request = CountedRequest
        self._celery.steps["consumer"].add(KeepAlive)
        signals.setup_logging.connect(set_up_logging, weak=False)
        self._worker = self._celery.Worker(
            concurrency=concurrency, queues=queues, loglevel=loglevel, optimization="fair", quiet=True,
            without_gossip=True, without_mingle=True, without_heartbeat=True,
        )  # fmt: skip

    def run(self) -> int:
        """Work until told to stop; gives the exit code."""
        signals.worker_ready.connect(self._say_ready, weak=False)
        signals.worker_shutting_down.connect(self._begin_stop, weak=False)
        self._celery.finalize()
        self._worker.start()
        stopped: Any = state.should_stop
        return 0 if stopped is not None else int(self._worker.exitcode or 0)

    def _say_ready(self, sender: Any, **_: Any) -> None:
        _log.info(
            "The worker %s is ready: %s processes, the queues %s", sender.hostname, self._worker.concurrency,
            ", ".join(sorted(self._celery.amqp.queues.consume_from)),
        )  # fmt: skip

    def _begin_stop(self, **_: Any) -> None:
        _log.info("Told to stop: tasks that run have %g s", self._grace)
        timer = threading.Timer(self._grace, self._give_back)
        timer.daemon = True
        timer.start()

    def _give_back(self) -> None:
        """Put what still runs back into its queue, and end at once."""
        running = sorted({f"{request.name} [{request.id}]" for request in tuple(state.active_requests)})
        _log.warning(
            "Given back to the queue, since %g s are over: %s", self._grace, ", ".join(running) or "nothing"
        )
        pool: Any = self._worker.pool
        for process in tuple(pool._pool._pool):
            try:
                os.kill(process.pid, signal.SIGKILL)
            except OSError:
                pass  # it has ended
        ledger = self._celery.ledger
        for request in tuple(state.active_requests):
            if ledger is not None:
                ledger.undo(request.id)
        try:
            channel = self._worker.consumer.task_consumer.channel
            if self._tasks.settings.on_redis:
                channel.qos.restore_unacked()
        except Exception:  # others find it when it is not kept alive
            _log.exception("What runs could not be given back: it is rescued by another worker")
        logging.shutdown()
        sys.stderr.flush()
        # A broker of the other kind takes it back when the connection ends, which it does now.
        os._exit(0)


def set_up_logging(**_: Any) -> None:
    """Leave the log to the application; where it has set up nothing, lines go to the error stream."""
    if not logging.getLogger().handlers:
        logging.basicConfig(
            level=logging.INFO, format="[%(asctime)s] %(levelname)s in %(processName)s: %(message)s"
        )
