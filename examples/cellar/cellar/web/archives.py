"""The whole cellar as one file: made in the background while its page shows how far it is.

Tasks run in threads of the server; where `CELLAR_REDIS_URL` is set, in workers (`demijohn tasks worker`), which
share the data folder. The session knows its visitor's job, so nobody else can ask for it.
"""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

from demijohn import (
    Blueprint,
    Flask,
    abort,
    current_app,
    redirect,
    render_template,
    send_from_directory,
    session,
    url_for,
)
from demijohn.ext.i18n import gettext
from demijohn.ext.login import login_required
from demijohn.ext.tasks import Tasks, app_task, report
from demijohn.typing import ResponseReturnValue

from cellar.store import archives
from cellar.web import photos

blueprint = Blueprint("archives", __name__)

PATIENCE = 60  # seconds for which a job may wait to be begun


@app_task
def pack() -> str:
    """Make an archive; its name is the result."""
    config = current_app.config
    archives.tidy(config["ARCHIVE_FOLDER"])
    return archives.pack(config["ARCHIVE_FOLDER"], Path(photos.photos.path("")), report)


@blueprint.get("/")
@login_required
def show() -> ResponseReturnValue:
    """How far the visitor's archive is, if there is one."""
    return render_template("archives/show.html", job=_job())


@blueprint.post("/")
@login_required
def make() -> ResponseReturnValue:
    """Have an archive made, unless one is under way."""
    job = _job()
    if job is None or job.ready():
        session["archive"] = {"job": pack.delay().id, "asked": time.time()}
    return redirect(url_for(".show"), 303)


@blueprint.get("/cellar.zip")
@login_required
def download() -> ResponseReturnValue:
    """The archive, when it is there."""
    job = _job()
    name = job.result if job is not None and job.successful() else ""
    if not archives.NAME.fullmatch(name):
        abort(404, gettext("There is no archive, or not any more. Make a new one."))
    return send_from_directory(
        current_app.config["ARCHIVE_FOLDER"],
        name,
        as_attachment=True,
        download_name=f"cellar-{date.today()}.zip",
    )


def _job() -> Any:
    """The job that this session has begun; `None` for none, or one that went with the server's last process."""
    if "archive" not in session:
        return None
    tasks: Tasks = current_app.extensions["tasks"]
    job = tasks.job(session["archive"]["job"])
    # Of what it does not know, Celery says PENDING too.
    lost = job.state == "PENDING" and time.time() - session["archive"]["asked"] > PATIENCE
    return None if lost else job


def init_app(app: Flask) -> None:
    """Let `app` have tasks, whose progress browsers follow below /jobs."""
    tasks = Tasks(app)
    app.register_blueprint(tasks.blueprint, url_prefix="/jobs")
    app.register_blueprint(blueprint, url_prefix="/archives")
