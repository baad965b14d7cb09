"""The extension: an application's tasks, with what sends them and shows how far they are."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from weakref import ref

from demijohn import Blueprint, Flask
from demijohn.ext.tasks.captured import CapturedTask
from demijohn.ext.tasks.carrying import carry_address
from demijohn.ext.tasks.settings import Settings, read_settings
from demijohn.ext.tasks.task import AppTask, add_sender, written
from demijohn.extend import Finding, add_check, later, unproxied

if TYPE_CHECKING:
    from demijohn.ext.tasks import celery_app, cli, embedded, jobs
else:
    celery_app = later("demijohn.ext.tasks.celery_app")  # 0.3 s, with Celery
    cli = later("demijohn.ext.tasks.cli")  # only the command needs it
    embedded = later("demijohn.ext.tasks.embedded")  # the same, without a broker
    jobs = later("demijohn.ext.tasks.jobs")  # only an application with the blueprint


class Tasks:
    """The background jobs of an application, on Celery.

    :param app: The application; or call :meth:`init_app` later.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._app: ref[Flask] | None = None
        self.settings: Settings
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give an application its tasks.

        :raises WrongSetting: for a setting that cannot be.
        :raises RuntimeError: for a second application: each has a ``Tasks`` of its own.
        """
        app = unproxied(app)
        if self._app is not None and self._app() not in (None, app):
            raise RuntimeError("These Tasks belong to another application: make a Tasks for each.")
        self.settings = read_settings(app)
        self._app = ref(app)
        self.__dict__.pop("celery", None)
        app.extensions["tasks"] = self
        add_sender(self)
        add_check(app, self._check)
        carry_address(app)
        app.cli.add_command(cli.group)
        if self.settings.broker is not None:
            app.readiness_check("broker")(self._reaches_broker)
        celery = self.celery  # made now, so that modules of @shared_task find it
        if self.settings.broker is None:
            app.after_serving(celery.engine.stop_off_loop)
            if self.settings.schedule:
                app.before_serving(celery.engine.begin_schedule)

    @property
    def app(self) -> Flask:
        """The application.

        :raises RuntimeError: before :meth:`init_app`.
        """
        app = None if self._app is None else self._app()
        if app is None:
            raise RuntimeError("These Tasks belong to no application: call tasks.init_app(app).")
        return app

    @cached_property
    def celery(self) -> Any:
        """The Celery application."""
        made = celery_app.RoomCelery if self.settings.broker is not None else embedded.EmbeddedCelery
        celery = made(self.app, self.settings, self.sign)
        for task in tuple(written.values()):
            _connect(celery, task)
        return celery

    @cached_property
    def blueprint(self) -> Blueprint:
        """Routes that show how far jobs are, to whoever has their token."""
        return jobs.make_blueprint(self)

    def add(self, task: AppTask[..., Any]) -> None:
        """Take a task that was written after the application was made."""
        _connect(self.celery, task)

    def sign(self, task_id: str) -> str:
        """A job's token."""
        return jobs.sign(self.app, task_id)

    def job(self, task_id: str) -> Any:
        """The job of an id."""
        return self.celery.AsyncResult(task_id)

    def captured(self) -> AbstractContextManager[list[CapturedTask]]:
        """A block, for tests, in which tasks are noted in the list that it gives, and neither sent nor run."""
        return cast("AbstractContextManager[list[CapturedTask]]", self.celery.capturing())

    def _reaches_broker(self) -> None:
        """Raise what keeps tasks from being sent."""
        with self.celery.connection_for_write() as connection:
            connection.connect()

    def _check(self, app: Flask) -> Iterable[Finding]:
        broker = self.settings.broker
        if broker is None:
            yield Finding(
                "tasks.embedded", "warning", "TASKS_BROKER is not set, so tasks run in threads of the web processes.",
                "What waits is lost when a process ends, and each process has its own schedule.",
                "Set TASKS_BROKER, such as 'redis://localhost:6379/0', and run 'demijohn tasks worker'.",
            )  # fmt: skip
            return
        if self.settings.ledger is None:
            yield Finding(
                "tasks.crashes", "warning", "Nothing counts how often a task has ended its whole worker.",
                "On RabbitMQ alone the deaths of a worker's processes are counted, and not its own: a task whose"
                " container is killed each time comes again and again.",
                "Set TASKS_RESULTS to a Redis, such as 'redis://localhost:6379/0'.",
            )  # fmt: skip
        for name, address in (("TASKS_BROKER", broker), ("TASKS_RESULTS", self.settings.results)):
            if address is not None and _is_open(address):
                yield Finding(
                    f"tasks.open-{name[6:].lower()}", "serious", f"{name} is on another machine, and has no password.",
                    "Whoever reaches it can have any task run, with any arguments.",
                    "Give it a password, and encrypt the connection (rediss://, amqps://).",
                )  # fmt: skip


def _connect(celery: Any, task: AppTask[..., Any]) -> None:
    """Have a Celery application know a task, now or when it is complete."""

    def make() -> None:
        if task.name not in celery._tasks:
            celery._task_from_fun(task.function, **{**task.options, "name": task.name})

    if celery.finalized:
        make()
    else:
        celery.on_after_finalize.connect(lambda **_: make(), sender=celery, weak=False)


def _is_open(address: str) -> bool:
    found = urlsplit(address)
    local = found.hostname in {None, "", "localhost", "127.0.0.1", "::1"}
    return found.scheme.startswith(("redis", "amqp")) and not local and not found.password
