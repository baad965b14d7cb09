"""Jobs as clients see them: by a signed token, as JSON and as a stream of events."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from itsdangerous import BadSignature

from demijohn import Blueprint, Flask, ServerSentEvent, abort, current_app, event_stream, json
from demijohn.ext.tasks.ports import Room
from demijohn.extend import BoundedTimedSerializer, call

if TYPE_CHECKING:
    from celery.result import AsyncResult


_SALT = "demijohn.tasks.job"
_MAX_TOKEN = 256

#: Seconds between two looks at a job that is followed, at first and at last; and until a sign of life.
_LOOK_FIRST, _LOOK_LAST, _ALIVE = 0.1, 1.0, 15.0
_ENDED = frozenset({"SUCCESS", "FAILURE", "REVOKED"})


class _Text:
    """The payload of a token: the id as it is."""

    @staticmethod
    def dumps(value: object) -> str:
        return str(value)

    @staticmethod
    def loads(payload: bytes | str) -> str:
        return payload.decode() if isinstance(payload, bytes) else payload


def _serializer(app: Flask) -> BoundedTimedSerializer:
    key = app.config["SECRET_KEY"]
    if not key:
        raise RuntimeError("A job's token is signed: set SECRET_KEY.")
    older = app.config.get("SECRET_KEY_FALLBACKS") or ()
    keys = [*reversed(older), key] if not isinstance(older, (str, bytes)) else [older, key]
    return BoundedTimedSerializer(keys, _SALT, _Text, "hmac", hashlib.sha256, _MAX_TOKEN, _MAX_TOKEN)


def sign(app: Flask, task_id: str) -> str:
    """The token of a job.

    :raises RuntimeError: without a ``SECRET_KEY``.
    """
    token: str = _serializer(app).dumps(task_id)
    return token


def make_blueprint(tasks: Room) -> Blueprint:
    """Routes that show how far a job is: ``/<token>``, and ``/<token>/events`` until it ends."""
    blueprint = Blueprint("tasks", __name__)

    def find(token: str) -> Any:
        lifetime = tasks.celery.conf.result_expires
        lifetime = lifetime.total_seconds() if isinstance(lifetime, timedelta) else lifetime
        try:
            return tasks.job(
                _serializer(current_app).loads(token, max_age=int(lifetime) if lifetime else None)
            )
        except BadSignature:
            abort(404)

    @blueprint.get("/<token>")
    def state(token: str) -> Any:
        response = current_app.json.response(look(find(token)))
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/<token>/events")
    def events(token: str) -> Any:
        return event_stream(_follow(find(token)))

    return blueprint


def look(job: AsyncResult[Any]) -> dict[str, Any]:
    """How far a job is. The error is its type and text: a traceback is for the log."""
    meta: dict[str, Any] = job._get_task_meta()  # type: ignore[attr-defined]
    state, value = meta["status"], meta["result"]
    shown: dict[str, Any] = {
        "state": state, "done": None, "total": None, "info": None, "result": None, "error": None
    }  # fmt: skip
    if state == "PROGRESS" and isinstance(value, dict):
        shown |= {name: value.get(name) for name in ("done", "total", "info")}
    elif state == "SUCCESS":
        shown["result"] = value
    elif isinstance(value, BaseException):
        shown["error"] = {"type": type(value).__name__, "text": str(value)}
    return shown


async def _follow(job: AsyncResult[Any]) -> AsyncIterator[ServerSentEvent]:
    """Each change of a job, until it has ended."""
    said, wait = "", _LOOK_FIRST
    alive = time.monotonic()
    while True:
        shown = await call(look, job)
        now = json.dumps(shown)
        if now != said:
            said, wait, alive = now, _LOOK_FIRST, time.monotonic()
            yield ServerSentEvent(now)
        elif time.monotonic() - alive > _ALIVE:
            alive = time.monotonic()
            yield ServerSentEvent(comment="")
        if shown["state"] in _ENDED:
            return
        await asyncio.sleep(wait)
        wait = min(wait * 1.3, _LOOK_LAST)
