"""An application with tasks, as workers load it: which broker it has is said by the environment."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from typing import Any

from celery import shared_task
from sqlalchemy import event

from demijohn import Flask, current_app, g, request, url_for
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.i18n import Babel, get_locale
from demijohn.ext.tasks import Tasks, app_task, report
from demijohn.extend import add_carrier, current_request_id


def note(*words: Any) -> None:
    """Write a line for the test to read, whichever process this is."""
    with open(os.environ["SHOP_NOTES"], "a") as file:
        file.write(" ".join(map(str, words)) + "\n")


def create_app() -> Flask:
    app = Flask("shop", static_folder=None)
    app.config.update(SECRET_KEY="a key that is only for tests", **json.loads(os.environ["SHOP_SETTINGS"]))
    for name, entry in (app.config.get("TASKS_SCHEDULE") or {}).items():
        app.config["TASKS_SCHEDULE"][name] = {**entry, "schedule": float(entry["schedule"])}
    tasks = Tasks(app)
    app.register_blueprint(tasks.blueprint, url_prefix="/jobs")
    if "BABEL_LOCALES" in app.config:
        Babel(app)
    add_carrier(
        app,
        "tenant",
        lambda: request.headers.get("X-Tenant") if request else None,
        lambda tenant: setattr(g, "tenant", tenant),
    )

    if "SQLALCHEMY_DATABASE_URI" in app.config:
        db = SQLAlchemy(app)
        with app.app_context():  # as a factory that looks at its tables does

            @event.listens_for(db.engine, "connect")
            def note_process(connection: Any, record: Any) -> None:
                record.info["made by"] = os.getpid()

            db.session.execute(db.text("select 1"))

    @app.teardown_appcontext
    def tear_down(error: BaseException | None) -> None:
        if "noted" in g:
            note("torn", g.noted)

    @app.get("/")
    def index() -> str:
        return "shop"

    @app.post("/add/<int:a>/<int:b>")
    def send(a: int, b: int) -> dict[str, str]:
        job = add.delay(a, b)
        return {"id": job.id, "token": job.token}

    return app


@app_task
async def add(a: int, b: int) -> int:
    await asyncio.sleep(0)
    return a + b


@app_task
def total(numbers: list[int]) -> int:
    return sum(numbers)


@app_task
def name_and_address() -> list[str]:
    g.noted = "name"
    return [current_app.name, url_for("index", _external=True)]


def _brought(how: str) -> dict[str, Any]:
    return {
        "request_id": current_request_id(), "locale": str(get_locale()), "tenant": g.get("tenant"),
        "address": url_for("index", _external=True) if how else None,
    }  # fmt: skip


@app_task
def brought(how: str) -> dict[str, Any]:
    return _brought(how)


@app_task
async def brought_async(how: str) -> dict[str, Any]:
    await asyncio.sleep(0)
    return _brought(how)


@app_task
def sends_another() -> str:
    """A task that a task sends has what that brought."""
    return brought_async.delay("on").id


@app_task
def slow(seconds: float, key: str) -> str:
    note("begin", key)
    time.sleep(seconds)
    note("end", key)
    return key


@app_task
def mark(key: Any) -> None:
    note("mark", key)


@app_task
def steps() -> None:
    report(2, 3, bottle="sherry")
    time.sleep(1.5)


@app_task
def poison() -> None:
    note("poison")
    os.kill(os.getpid(), signal.SIGKILL)


@app_task
def leaves() -> None:
    note("leaves")
    sys.exit(3)


@app_task
def greedy() -> None:
    raise MemoryError


@app_task(time_limit=1)
def too_long() -> None:
    time.sleep(60)


@app_task(soft_time_limit=1)
async def warned() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        note("warned")


@app_task
async def loop_number() -> list[int]:
    return [id(asyncio.get_running_loop()), os.getpid()]


@shared_task
def unmodified(a: int) -> list[Any]:
    return [current_app.name, a]


@app_task
def connection_ids() -> list[Any]:
    """Which process has made the connection that a task of here is given."""
    db = current_app.extensions["sqlalchemy"]
    with db.engine.connect() as connection:
        return [os.getpid(), connection.connection.info.get("made by")]
