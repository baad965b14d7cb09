"""The command group ``tasks``. What a command does is elsewhere; this reads the options, and prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import click

from demijohn import current_app
from demijohn.cli import AppGroup
from demijohn.ext.tasks.ports import Room
from demijohn.extend import later, watch_sources

if TYPE_CHECKING:
    from demijohn.ext.tasks import beat as beats
    from demijohn.ext.tasks import status as looks
    from demijohn.ext.tasks import worker as workers
else:
    beats = later("demijohn.ext.tasks.beat")  # Celery, with these three
    looks = later("demijohn.ext.tasks.status")  # only its command needs it
    workers = later("demijohn.ext.tasks.worker")  # the same

group = AppGroup("tasks", help="Run and look at background tasks.")


def _tasks() -> Room:
    tasks: Room = current_app.extensions["tasks"]
    if tasks.settings.broker is None:
        raise click.ClickException(
            "TASKS_BROKER is not set, so tasks run in threads of the web process: set it, such as to"
            " 'redis://localhost:6379/0'."
        )
    return tasks


@group.command()
@click.option("--concurrency", type=click.IntRange(1), help="Processes; by default one for each processor.")
@click.option("--queues", help="The queues to take from, separated by commas.")
@click.option("--beat", "with_beat", is_flag=True, help="Send the turns of TASKS_SCHEDULE too.")
@click.option("--reload", is_flag=True, help="Start anew when a source file changes.")
@click.option("--graceful-timeout", type=float, default=30.0, show_default=True,
              help="Seconds that running tasks have when the worker is told to stop.")  # fmt: skip
@click.option("--loglevel", default="INFO", show_default=True, help="What is logged.")
def worker(
    concurrency: int | None,
    queues: str | None,
    with_beat: bool,
    reload: bool,
    graceful_timeout: float,
    loglevel: str,
) -> None:
    """Run tasks, until told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tasks = _tasks()
    if reload and _WITHIN not in os.environ:
        raise SystemExit(_reloading())
    beat_process = _fork_beat(tasks) if with_beat else None
    made = workers.Worker(tasks, concurrency, queues, graceful_timeout, loglevel.upper())
    try:
        code = made.run()
    finally:
        if beat_process is not None:
            os.kill(beat_process, signal.SIGTERM)
            os.waitpid(beat_process, 0)
    raise SystemExit(code)


def _fork_beat(tasks: Room) -> int:
    """A process for the schedule, before the worker has threads; it ends with the worker."""
    parent = os.getpid()
    made = beats.make_beat(tasks.app, tasks.settings, tasks.celery.send_task)
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        _beat(made, parent)
        code = 0
    finally:
        os._exit(code)


def _beat(made: beats.Beat, parent: int | None = None) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    workers.set_up_logging()
    while not stop.wait(min(made.tick(), 1.0)):
        if parent is not None and os.getppid() != parent:
            return  # the worker was killed


@group.command()
def beat() -> None:
    """Send the turns of TASKS_SCHEDULE. Several may run: on Redis each turn is sent once."""
    tasks = _tasks()
    _beat(beats.make_beat(tasks.app, tasks.settings, tasks.celery.send_task))


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show the broker, the workers, what waits and what crashed. Exits 1 without a broker or a worker."""
    found = looks.look(_tasks())
    click.echo(json.dumps(found, indent=2) if as_json else looks.as_text(found))
    raise SystemExit(0 if found["reachable"] and found["workers"] else 1)


@group.command()
def purge() -> None:
    """Drop what waits in the queues, and what is kept of tasks that crashed."""
    tasks = _tasks()
    if sys.stdin.isatty():
        click.confirm("Drop all tasks that wait?", abort=True)
    click.echo(f"{looks.purge(tasks)} tasks were dropped.")


#: In the environment of a worker that is started anew when a file changes.
_WITHIN = "DEMIJOHN_TASKS_RELOADS"


def _reloading() -> int:
    """Run the same command as a process, and anew when a source file changes."""
    changed, ended = threading.Event(), threading.Event()

    def change(path: str) -> None:
        click.echo(f"{path} changed: the worker starts anew.")
        changed.set()

    def end(*_: object) -> None:
        ended.set()
        changed.set()

    stop_watching = watch_sources(change)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    environment = {**os.environ, _WITHIN: "1"}
    code = 0
    while not ended.is_set():
        changed.clear()
        process = subprocess.Popen(sys.orig_argv, env=environment)
        while not changed.wait(0.2) and process.poll() is None:
            pass
        if process.poll() is None:
            process.terminate()
        code = process.wait()
        # What cannot be imported is not tried again before somebody has mended it.
        while code and not changed.wait(0.2):
            pass
        if not code and not changed.is_set():
            break
    stop_watching()
    return code
