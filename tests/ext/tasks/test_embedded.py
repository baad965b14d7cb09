"""Tasks without a broker: threads of this process, and otherwise as with one."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import chain, chord, group
from celery.exceptions import NotRegistered
from celery.exceptions import TimeoutError as JobTimeoutError
from tests.ext.tasks.brokers import eventually

from demijohn import Flask, current_app, g, request, url_for
from demijohn.errors import WrongSetting
from demijohn.ext.tasks import Tasks, app_task, report
from demijohn.extend import add_carrier


@pytest.fixture(autouse=True)
def _in_context(app: Flask, tasks: Tasks) -> Iterator[None]:
    with app.app_context():
        yield


@app_task
def add(a: int, b: int) -> int:
    return a + b


@app_task
async def kind(value: Any) -> list[str]:
    await asyncio.sleep(0)
    return [current_app.name, type(value).__name__]


@app_task
def total(numbers: list[int]) -> int:
    return sum(numbers)


@app_task
def fails() -> None:
    raise ValueError("corked")


def test_it_runs_and_its_result_is_waited_for() -> None:
    job = add.delay(1, 2)
    assert job.get(timeout=5) == 3
    assert (job.state, job.ready(), job.successful(), job.failed()) == ("SUCCESS", True, True, False)


def test_a_tuple_arrives_as_a_list_as_over_a_broker() -> None:
    assert kind.delay((1, 2)).get(timeout=5) == ["shop", "list"]


def test_called_it_is_the_function() -> None:
    assert add(1, 2) == 3
    assert asyncio.run(kind("x")) == ["shop", "str"]


def test_it_can_be_waited_for_in_a_request(app: Flask) -> None:
    @app.get("/")
    def index() -> str:
        return str(add.delay(1, 2).get(timeout=5))

    assert app.test_client().get("/").text == "3"


def test_in_a_task_no_other_is_waited_for(app: Flask) -> None:
    @app_task
    def waits() -> int:
        return add.delay(1, 2).get(timeout=5)

    with pytest.raises(RuntimeError, match="Chain them"):
        waits.delay().get(timeout=5)


def test_it_takes_longer_than_somebody_waits() -> None:
    @app_task
    def sleeps() -> None:
        time.sleep(0.5)

    with pytest.raises(JobTimeoutError, match=r"0\.05 s"):
        sleeps.delay().get(timeout=0.05)


def test_an_error_is_in_the_result() -> None:
    job = fails.delay()
    with pytest.raises(ValueError, match="corked"):
        job.get(timeout=5)
    assert isinstance(job.get(propagate=False), ValueError)
    assert job.failed()


@pytest.mark.parametrize("is_async", [False, True])
def test_errors_that_are_named_are_tried_again(is_async: bool) -> None:
    tries: list[int] = []

    def work(a: int) -> int:
        tries.append(a)
        if len(tries) < 3:
            raise OSError("not yet")
        return len(tries)

    async def works(a: int) -> int:
        return work(a)

    options: dict[str, Any] = {"autoretry_for": (OSError,), "max_retries": 3, "default_retry_delay": 0.01}
    task = app_task(**options, name=f"tries-{is_async}")(works if is_async else work)
    assert task.delay(7).get(timeout=5) == 3
    assert tries == [7, 7, 7]


def test_a_bound_async_task_knows_its_request_and_retries_by_itself() -> None:
    @app_task(bind=True, max_retries=2)
    async def bound(self: Any, a: int) -> list[Any]:
        await asyncio.sleep(0)
        if self.request.retries < 2:
            raise self.retry(countdown=0.01)
        return [self.request.id, self.request.retries]

    job = bound.delay(1)
    assert job.get(timeout=5) == [job.id, 2]


def test_a_try_that_says_late_that_there_is_another_does_not_hide_how_that_ended(tasks: Tasks) -> None:
    @app_task(bind=True, max_retries=1)
    def slow_to_say(self: Any) -> str:
        if self.request.retries:
            return "done"
        try:
            raise self.retry(countdown=0)  # which is sent, and runs in another thread
        finally:
            eventually(lambda: self.AsyncResult(self.request.id).state == "SUCCESS", 5)

    job = slow_to_say.delay()
    tasks.celery.engine.stop()
    assert job.get(timeout=1) == "done"


def test_a_try_that_waits_is_named_at_the_end(
    app: Flask, tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.settings.shutdown_timeout = 0.2

    @app_task(autoretry_for=(OSError,), default_retry_delay=60, name="shop.tries")
    def tries() -> None:
        raise OSError("not yet")

    job = tries.delay()
    assert eventually(lambda: job.state == "RETRY", 5)
    tasks.celery.engine.stop()
    assert "shop.tries (1)" in caplog.text


def test_whichever_thread_asks_first_results_are_in_one_place(tasks: Tasks) -> None:
    together = threading.Barrier(4)
    found: list[Any] = []

    def ask() -> None:
        together.wait()
        found.append(tasks.celery._get_backend())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {id(each) for each in found} == {id(tasks.celery.backend)}


def test_a_countdown_is_waited_for() -> None:
    began = time.monotonic()
    jobs = [add.apply_async((1, 2), countdown=seconds) for seconds in (0.4, 0.2)]
    assert jobs[1].get(timeout=5) == 3
    assert 0.2 <= time.monotonic() - began < 0.4
    assert jobs[0].get(timeout=5) == 3
    assert time.monotonic() - began >= 0.4


def test_what_has_expired_is_not_run() -> None:
    ran: list[int] = []

    @app_task
    def late() -> None:
        ran.append(1)

    job = late.apply_async(countdown=0.2, expires=0.05)
    assert eventually(lambda: job.state == "REVOKED", 5)
    assert ran == []


def test_what_is_revoked_while_it_waits_is_not_run(caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    @app_task
    def notes(name: str) -> None:
        ran.append(name)

    revoked, kept = (notes.apply_async((name,), countdown=0.2) for name in ("revoked", "kept"))
    revoked.revoke()
    assert kept.get(timeout=5) is None
    assert eventually(lambda: revoked.state == "REVOKED", 5)
    assert ran == ["kept"]
    kept.revoke(terminate=True)
    assert "not ended" in caplog.text


def test_chains_groups_and_chords() -> None:
    assert chain(add.s(1, 2), add.s(3), add.s(4)).apply_async().get(timeout=5) == 10
    assert group(add.s(i, i) for i in range(4)).apply_async().get(timeout=5) == [0, 2, 4, 6]
    assert chord([add.s(i, i) for i in range(4)])(total.s()).get(timeout=5) == 12
    failing = chain(fails.s(), add.s(1)).apply_async()
    with pytest.raises(ValueError, match="corked"):
        failing.get(timeout=5)


def test_a_name_that_nobody_knows_is_failed_and_logged(
    tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotRegistered):
        tasks.celery.send_task("no.such").get(timeout=5)
    assert "no.such" in caplog.text


def test_each_run_has_a_context_of_its_own_with_its_teardown(app: Flask) -> None:
    torn: list[int] = []

    @app.teardown_appcontext
    def tear_down(error: BaseException | None) -> None:
        if "number" in g:
            torn.append(g.number)

    @app_task
    def keeps(number: int) -> bool:
        before = "number" in g
        g.number = number
        return before

    @app.get("/")
    def index() -> list[bool]:
        g.number = 0
        return [keeps.delay(number).get(timeout=5) for number in (1, 2)]

    assert app.test_client().get("/").json == [False, False]
    assert sorted(torn) == [1, 2]  # the request's own is still open, in the context of this test


def test_addresses_and_what_is_carried_are_those_of_the_request(app: Flask) -> None:
    tenant: list[str | None] = []
    add_carrier(
        app,
        "tenant",
        lambda: request.args.get("tenant") if request else None,
        lambda name: g.setdefault("tenant", name),
    )
    app.config["TASKS_CARRY"] = ["url_root", "tenant"]
    Tasks(app)

    @app_task
    async def inner() -> list[Any]:
        return [url_for("index", _external=True), g.get("tenant")]

    @app_task
    def outer() -> str:
        tenant.append(g.get("tenant"))
        return inner.delay().id

    @app.get("/")
    def index() -> str:
        return outer.delay().get(timeout=5)

    found = app.test_client().get("/?tenant=ada", base_url="https://wine.example/shop").text
    job = app.extensions["tasks"].job(found)
    assert job.get(timeout=5) == ["https://wine.example/shop/", "ada"]
    assert tenant == ["ada"]


def test_what_it_reports_is_the_state_of_its_job() -> None:
    @app_task
    async def steps() -> None:
        report(1, 3, bottle="sherry")
        await asyncio.sleep(0.3)

    job = steps.delay()
    assert eventually(lambda: job.state == "PROGRESS", 5)
    assert job.result == {"done": 1, "total": 3, "info": {"bottle": "sherry"}}
    assert job.get(timeout=5) is None
    report(1, 3)  # outside of a task nothing happens


@pytest.mark.parametrize(("args", "named"), [((object(), 1), "a"), ((1, object()), "b")])
def test_an_argument_that_json_cannot_hold_is_named(args: Any, named: str) -> None:
    with pytest.raises(TypeError, match=rf"add: the argument {named} \(object\)"):
        add.delay(*args)
    with pytest.raises(TypeError, match="the argument b"):
        add.delay(1, b=object())


def test_a_message_that_is_too_long_is_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="TASKS_MAX_MESSAGE is 262144"):
        kind.delay("x" * 262144)


def test_what_does_not_fit_the_parameters_is_refused() -> None:
    with pytest.raises(TypeError):
        kind.delay()


def test_another_format_than_json_is_refused_by_the_settings(app: Flask) -> None:
    for name in ("accept_content", "task_serializer"):
        app.config["TASKS_CONFIG"] = {name: ["json", "pickle"] if name == "accept_content" else "pickle"}
        with pytest.raises(WrongSetting, match=f"{name}.*pickle"):
            Tasks(app)


def test_outside_of_tests_one_warning_says_what_it_is_for(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.testing = False
    for _ in range(3):
        add.delay(1, 2).get(timeout=5)
    assert [record.levelno for record in caplog.records if "TASKS_BROKER" in record.getMessage()] == [
        logging.WARNING
    ]


def test_at_the_end_what_waits_has_its_time_and_is_then_named(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["TASKS_SHUTDOWN_TIMEOUT"] = 0.5
    Tasks(app)
    ended: list[int] = []

    @app_task
    def short(number: int) -> None:
        time.sleep(0.1)
        ended.append(number)

    with app.test_client(protocol="asgi", lifespan=True):
        short.delay(1)
        short.apply_async((2,), countdown=60)
    assert ended == [1]
    assert "dropped at shutdown" in caplog.text
    assert f"{short.name} (1)" in caplog.text


def test_the_schedule_is_kept_while_the_application_serves(app: Flask) -> None:
    turns: list[int] = []

    @app_task(name="shop.turn")
    def turn(number: int) -> None:
        turns.append(number)

    app.config["TASKS_SCHEDULE"] = {"often": {"task": "shop.turn", "schedule": 0.2, "args": [7]}}
    Tasks(app)
    with app.test_client(protocol="asgi", lifespan=True):
        assert eventually(lambda: len(turns) >= 2, 5)
    seen = len(turns)
    time.sleep(0.5)
    assert len(turns) <= seen + 1
    assert set(turns) == {7}


def test_a_task_written_after_the_application_is_known_to_it() -> None:
    @app_task(name="written.later")
    def later() -> str:
        return current_app.name

    assert later.delay().get(timeout=5) == "shop"


def test_two_applications_each_run_their_own() -> None:
    other = Flask("other", static_folder=None)
    other.testing = True
    Tasks(other)
    with other.app_context():
        assert kind.delay(1).get(timeout=5)[0] == "other"
    assert kind.delay(1).get(timeout=5)[0] == "shop"


def test_without_tasks_an_application_cannot_send() -> None:
    bare = Flask("bare", static_folder=None)
    with bare.app_context(), pytest.raises(RuntimeError, match=r"Tasks\(app\)"):
        add.delay(1, 2)
