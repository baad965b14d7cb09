"""How it is with the broker, the workers and the queues: within the time that somebody waits for a command."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from demijohn.ext.tasks import crashes
from demijohn.ext.tasks.celery_app import BROKER_ERRORS
from demijohn.ext.tasks.ledger import Ledger
from demijohn.ext.tasks.ports import Room

if TYPE_CHECKING:
    from kombu import Connection


#: Seconds until the first worker has answered, until all have, and for all of it.
_FIRST, _ANSWER, _ALL = 1.2, 0.4, 2.3


def look(tasks: Room) -> dict[str, Any]:
    """What is found. What takes too long is not waited for."""
    found: dict[str, Any] = {
        "broker": _without_password(tasks.settings.broker or ""), "reachable": False, "error": None, "workers": {},
        "queues": {}, "crashed": [],
    }  # fmt: skip
    thread = threading.Thread(target=_look, args=(tasks, found), daemon=True)
    thread.start()
    thread.join(_ALL)
    if thread.is_alive():
        found["error"] = found["error"] or f"no answer within {_ALL:g} s"
    return dict(found)


def _look(tasks: Room, found: dict[str, Any]) -> None:
    try:
        with tasks.celery.connection_for_write() as connection:
            for name in tasks.celery.amqp.queues:
                found["queues"][name] = _waiting(connection, name)
            found["reachable"] = True
            if tasks.settings.ledger is not None:
                ledger = Ledger(tasks.app, tasks.settings.ledger, 0, tasks.settings.publish_timeout / 2)
                found["crashed"] = ledger.crashed()
            elif tasks.settings.counts_in_messages:
                found["crashed"] = crashes.crashed(connection)
            _look_at_workers(tasks.celery, connection, found["workers"])
    except BROKER_ERRORS as error:
        found["error"] = f"{type(error).__name__}: {error}"


def _waiting(connection: Connection, name: str) -> int:
    try:
        channel: Any = connection.default_channel
        if hasattr(channel, "_size"):
            return int(channel._size(name))
        own: Any
        with connection.channel() as own:  # an error closes it
            return int(own.queue_declare(name, passive=True).message_count)
    except connection.channel_errors:
        return 0  # there is none yet


def _look_at_workers(celery: Any, connection: Connection, found: dict[str, Any]) -> None:
    """Ask the workers: first whether there is one, then all for what they do."""
    answers = celery.control.ping(timeout=_FIRST, limit=1, connection=connection) or []
    for answer in answers:
        for name in answer:
            found[name] = {"concurrency": None, "pid": None, "running": []}
    if not found:
        return
    inspect = celery.control.inspect(timeout=_ANSWER, connection=connection)
    for name, about in (inspect.stats() or {}).items():
        found[name] = {
            "concurrency": about["pool"].get("max-concurrency"),
            "pid": about.get("pid"),
            "running": [],
        }
    for name, active in (inspect.active() or {}).items():
        if name in found:
            found[name]["running"] = [
                {
                    "id": each["id"],
                    "task": each["name"],
                    "seconds": round(time.time() - each["time_start"], 1),
                }
                for each in active
                if each.get("time_start")
            ]


def as_text(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"broker   {found['broker']}: {'reachable' if found['reachable'] else found['error']}"]
    for name, about in found["workers"].items():
        lines.append(
            f"worker   {name}: {about['concurrency']} processes, {len(about['running'])} tasks running"
        )
        lines += [
            f"         {each['task']} [{each['id']}] for {each['seconds']} s" for each in about["running"]
        ]
    if not found["workers"]:
        lines.append("worker   none")
    lines += [f"queue    {name}: {count} waiting" for name, count in found["queues"].items()]
    lines += [f"crashed  {each['task']} [{each['id']}] {each['args']}" for each in found["crashed"]]
    return "\n".join(lines)


def purge(tasks: Room) -> int:
    """Drop what waits; gives how many that were."""
    with tasks.celery.connection_for_write() as connection:
        dropped = int(tasks.celery.control.purge(connection=connection))
        if tasks.settings.counts_in_messages:
            crashes.forget(connection)
    if tasks.settings.ledger is not None:
        Ledger(tasks.app, tasks.settings.ledger, 0, tasks.settings.publish_timeout).forget()
    return dropped


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host))
