"""Jobs as clients see them, over each protocol; and what a check of the application says of its settings."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from demijohn import Flask
from demijohn.errors import WrongSetting
from demijohn.ext.tasks import Tasks, app_task, report
from demijohn.testing import FlaskClient


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def client(request: pytest.FixtureRequest, app: Flask, tasks: Tasks) -> Iterator[FlaskClient]:
    app.register_blueprint(tasks.blueprint, url_prefix="/jobs")
    with app.test_client(protocol=request.param) as client:
        yield client


@pytest.fixture
def go() -> threading.Event:
    return threading.Event()


@pytest.fixture
def steps(go: threading.Event) -> Any:
    @app_task
    def steps(fail: bool) -> str:
        report(1, 2, bottle="sherry")
        assert go.wait(10)
        if fail:
            raise LookupError("corked")
        return "drunk"

    return steps


def sent(app: Flask, task: Any, *args: Any) -> str:
    with app.app_context():
        return str(task.delay(*args).token)


def test_a_job_shows_how_far_it_is_and_what_it_returned(
    app: Flask, client: FlaskClient, steps: Any, go: threading.Event
) -> None:
    token = sent(app, steps, False)
    deadline = time.monotonic() + 5
    while (shown := client.get(f"/jobs/{token}").json)["state"] != "PROGRESS" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shown == {
        "state": "PROGRESS", "done": 1, "total": 2, "info": {"bottle": "sherry"}, "result": None, "error": None
    }  # fmt: skip
    go.set()
    while (shown := client.get(f"/jobs/{token}").json)["state"] != "SUCCESS" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shown["result"] == "drunk"


def test_an_error_is_its_type_and_text_without_the_traceback(
    app: Flask, client: FlaskClient, steps: Any, go: threading.Event
) -> None:
    go.set()
    token = sent(app, steps, True)
    body = client.get(f"/jobs/{token}/events").text
    last = json.loads(body.rpartition("data: ")[2])
    assert last["state"] == "FAILURE"
    assert last["error"] == {"type": "LookupError", "text": "corked"}
    assert "Traceback" not in body
    assert client.get(f"/jobs/{token}").json == last


def test_events_go_on_until_the_job_has_ended(
    app: Flask, client: FlaskClient, steps: Any, go: threading.Event
) -> None:
    token = sent(app, steps, False)
    threading.Timer(0.5, go.set).start()
    response = client.get(f"/jobs/{token}/events")
    assert response.mimetype == "text/event-stream"
    states = [json.loads(line[6:])["state"] for line in response.text.splitlines() if line.startswith("data")]
    assert states[-2:] == ["PROGRESS", "SUCCESS"]


def test_what_was_not_signed_or_is_too_old_is_not_found(
    app: Flask, client: FlaskClient, steps: Any, go: threading.Event
) -> None:
    go.set()
    token = sent(app, steps, False)
    with app.app_context():
        bare = steps.delay(False).id
    for other in (bare, token[:-2], f"{token}x", "x" * 5000, "a.b.c"):
        for path in (f"/jobs/{other}", f"/jobs/{other}/events"):
            assert client.get(path).status_code == 404
    app.extensions["tasks"].celery.conf.result_expires = 1
    time.sleep(2.1)
    assert client.get(f"/jobs/{token}").status_code == 404


def test_a_token_needs_a_key(app: Flask, tasks: Tasks, steps: Any, go: threading.Event) -> None:
    go.set()
    app.secret_key = None
    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        sent(app, steps, False)


def found(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {
            finding.id: finding.level
            for check in app.checks
            for finding in check(app)
            if "tasks" in finding.id
        }


def test_the_check_tells_of_threads_and_of_brokers_that_are_open(app: Flask) -> None:
    Tasks(app)
    assert found(app) == {"tasks.embedded": "warning"}
    for broker, ids in {
        "redis://queue.example/0": {"tasks.open-broker": "serious", "tasks.open-results": "serious"},
        "redis://:secret@queue.example/0": {},
        "redis://localhost/0": {},
        "amqp://localhost": {"tasks.crashes": "warning"},
    }.items():
        app.checks.clear()
        app.config["TASKS_BROKER"] = broker
        Tasks(app)
        assert found(app) == ids


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TASKS_BROKER", "localhost"),
        ("TASKS_PUBLISH_TIMEOUT", "3"),
        ("TASKS_MAX_CRASHES", "many"),
        ("TASKS_SCHEDULE", [1]),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(app: Flask, name: str, value: Any) -> None:
    app.config[name] = value
    with pytest.raises(WrongSetting, match=name):
        Tasks(app)


def test_flask_s_own_mapping_is_read(app: Flask) -> None:
    app.config["CELERY"] = {
        "broker_url": "redis://localhost:1/0",
        "task_ignore_result": True,
        "task_default_queue": "a",
    }
    app.config["TASKS_CONFIG"] = {"task_default_queue": "b"}
    tasks = Tasks(app)
    assert tasks.settings.broker == "redis://localhost:1/0"
    assert (tasks.celery.conf.task_ignore_result, tasks.celery.conf.task_default_queue) == (True, "b")


def test_one_tasks_is_for_one_application(app: Flask, tasks: Tasks) -> None:
    with pytest.raises(RuntimeError, match="another application"):
        tasks.init_app(Flask("other", static_folder=None))
