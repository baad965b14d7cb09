"""Workers as processes, on Redis and on RabbitMQ: what they run, and what is left when they are killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import threading
import time
from typing import Any

import pytest
from billiard.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded
from celery import chain, chord, group
from celery.exceptions import NotRegistered
from tests.ext.tasks.brokers import RabbitMQ, Shop, eventually
from tests.ext.tasks.conftest import RESCUE

from demijohn.ext.tasks import TaskCrashed
from demijohn.ext.tasks.errors import TaskOutOfMemory

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(240)]

Made = tuple[Shop, Any]


def test_a_worker_runs_tasks_of_each_kind_with_the_application_around_them(shop: Made) -> None:
    made, module = shop
    made.start()
    assert module.add.delay(1, 2).get(timeout=20) == 3
    assert module.unmodified.delay(4).get(timeout=20) == ["shop", 4]
    client = module.app.test_client()
    token = client.post("/add/5/6").json["token"]
    assert eventually(lambda: client.get(f"/jobs/{token}").json["result"]) == 11
    assert chain(module.add.s(1, 2), module.add.s(3)).apply_async().get(timeout=20) == 6
    assert group(module.add.s(i, i) for i in range(3)).apply_async().get(timeout=20) == [0, 2, 4]


def test_what_a_request_has_arrives_with_the_task(shop: Made) -> None:
    made, module = shop
    made.start()
    with module.app.test_request_context("/", base_url="https://wine.example/cellar"):
        job = module.name_and_address.delay()
    assert job.get(timeout=20) == ["shop", "https://wine.example/cellar/"]
    assert eventually(lambda: made.noted("torn")) == ["name"]


def test_what_tasks_carry_arrives_in_another_process_and_goes_on_to_the_next_task(
    make_shop: Any, broker: dict[str, Any]
) -> None:
    carry = ["request_id", "locale", "url_root", "tenant"]
    made, module = make_shop(**broker, TASKS_CARRY=carry, BABEL_LOCALES=["en", "de"])
    made.start("worker", "--concurrency", "1")

    @module.app.post("/<kind>")
    def ask(kind: str) -> dict[str, str]:
        return {"id": getattr(module, kind).delay(*(() if kind == "sends_another" else ("here",))).id}

    given = {"X-Request-ID": "f" * 32, "Accept-Language": "de", "X-Tenant": "ada"}
    expected = {
        "request_id": "f" * 32, "locale": "de", "tenant": "ada", "address": "https://wine.example/cellar/"
    }  # fmt: skip
    client = module.app.test_client()
    for kind in ("brought", "brought_async", "sends_another"):
        answer = client.post(f"/{kind}", headers=given, base_url="https://wine.example/cellar")
        found = module.tasks.job(answer.json["id"]).get(timeout=20)
        if kind == "sends_another":
            found = module.tasks.job(found).get(timeout=20)
        assert found == expected, kind
    # Outside of a request nothing goes along, and nothing of the task before is left in the process.
    nothing = {"request_id": None, "locale": "en", "tenant": None, "address": None}
    assert module.brought.delay("").get(timeout=20) == nothing


def test_async_tasks_of_one_process_share_one_loop(shop: Made) -> None:
    made, module = shop
    made.start("worker", "--concurrency", "1")
    found = [tuple(module.loop_number.delay().get(timeout=20)) for _ in range(3)]
    assert len(set(found)) == 1


def test_a_task_whose_process_dies_is_failed_and_kept_after_three_times(shop: Made) -> None:
    made, module = shop
    made.start()
    jobs = [module.poison.delay(), module.leaves.delay()]
    for job in jobs:
        with pytest.raises(TaskCrashed, match="died 3 times"):
            job.get(timeout=60)
    assert len(made.noted("poison")) == len(made.noted("leaves")) == 3
    assert module.add.delay(1, 2).get(timeout=20) == 3
    crashed = json.loads(made.run("status", "--json").stdout)["crashed"]
    assert {each["id"] for each in crashed} == {job.id for job in jobs}


@pytest.mark.soak
@pytest.mark.xdist_group("rabbitmq")
def test_on_rabbitmq_alone_deaths_of_processes_are_counted_in_the_message(
    make_shop: Any, rabbitmq: RabbitMQ, free_results: str
) -> None:
    made, module = make_shop(TASKS_BROKER=rabbitmq.url, TASKS_RESULTS=free_results)
    with module.tasks.celery.connection_for_write() as connection:
        with contextlib.suppress(*connection.channel_errors):
            connection.default_channel.queue_purge("celery")
    assert made.run("purge").returncode == 0
    made.start()
    jobs = [module.poison.delay(), module.leaves.delay()]
    for job in jobs:
        with pytest.raises(TaskCrashed, match="died 3 times"):
            job.get(timeout=60)
    assert len(made.noted("poison")) == len(made.noted("leaves")) == 3
    assert module.add.delay(1, 2).get(timeout=20) == 3
    for _ in range(2):  # looking takes nothing away
        crashed = json.loads(made.run("status", "--json").stdout)["crashed"]
        assert {each["id"] for each in crashed} == {job.id for job in jobs}
    assert made.run("purge").returncode == 0
    assert json.loads(made.run("status", "--json").stdout)["crashed"] == []


@pytest.mark.soak
def test_a_task_is_revoked_while_it_waits_and_ended_while_it_runs(shop: Made) -> None:
    made, module = shop
    process = made.start("worker", "--concurrency", "2")
    waits = module.mark.apply_async(("waits",), countdown=2)
    runs = module.slow.delay(60, "runs")
    assert eventually(lambda: made.noted("begin"))
    waits.revoke()
    runs.revoke(terminate=True)
    for job in (waits, runs):
        assert eventually(lambda job=job: job.state == "REVOKED", 20)
    assert module.add.delay(1, 2).get(timeout=20) == 3
    assert made.noted("mark") == made.noted("end") == []
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0


@pytest.mark.soak
def test_what_a_task_in_a_worker_reports_is_seen_by_a_browser(shop: Made) -> None:
    made, module = shop
    made.start("worker", "--concurrency", "1")
    job = module.steps.delay()
    client = module.app.test_client()
    seen = [json.loads(line[5:]) for line in client.get(f"/jobs/{job.token}/events").text.splitlines()
            if line.startswith("data:")]  # fmt: skip
    assert {"state": "PROGRESS", "done": 2, "total": 3, "info": {"bottle": "sherry"}}.items() <= seen[
        -2
    ].items()
    assert seen[-1]["state"] == "SUCCESS"


def test_time_limits_and_memory_end_the_task_and_not_the_worker(shop: Made) -> None:
    made, module = shop
    made.start()
    with pytest.raises(TimeLimitExceeded):
        module.too_long.delay().get(timeout=30)
    with pytest.raises(SoftTimeLimitExceeded):
        module.warned.delay().get(timeout=30)
    assert made.noted("warned") == [""]
    with pytest.raises(TaskOutOfMemory):
        module.greedy.delay().get(timeout=30)
    assert module.add.delay(1, 2).get(timeout=20) == 3
    assert made.workers[0].poll() is None


def test_a_name_that_nobody_knows_is_failed_and_logged(shop: Made) -> None:
    made, module = shop
    made.start()
    job = module.tasks.celery.send_task("no.such")
    with pytest.raises(NotRegistered):
        job.get(timeout=20)
    assert "no.such" in made.log()
    assert module.add.delay(1, 2).get(timeout=20) == 3


def test_a_message_that_is_no_json_is_refused_unread_and_the_worker_goes_on(shop: Made) -> None:
    made, module = shop
    made.start()
    celery = module.tasks.celery
    with celery.connection_for_write() as connection, connection.Producer() as producer:
        for body, content_type in (
            (b"\x80\x04K\x01.", "application/x-python-serialize"),
            (b"{{", "application/json"),
        ):
            producer.publish(
                body, content_type=content_type, content_encoding="binary", routing_key="celery",
                headers={"task": "shop.mark", "id": "1", "lang": "py"},
            )  # fmt: skip
    assert module.add.delay(1, 2).get(timeout=20) == 3
    assert made.noted("mark") == []


def test_a_task_whose_worker_is_killed_is_rescued_in_time(shop: Made) -> None:
    made, module = shop
    first = made.start("worker", "--concurrency", "1")
    job = module.slow.delay(3, "a")
    assert eventually(lambda: made.noted("begin")) == ["a"]
    made.kill(first)
    killed = time.monotonic()
    made.start("worker", "--concurrency", "1")
    eventually(lambda: len(made.noted("begin")) == 2, RESCUE + 10)
    assert made.noted("begin") == ["a", "a"]
    assert time.monotonic() - killed < RESCUE + 3
    assert job.get(timeout=20) == "a"


@pytest.mark.soak
def test_a_task_that_runs_longer_than_a_rescue_takes_is_not_started_twice(shop: Made) -> None:
    made, module = shop
    made.start("worker", "--concurrency", "1")
    job = module.slow.delay(RESCUE * 2.5, "long")
    assert eventually(lambda: made.noted("begin"))
    made.start("worker", "--concurrency", "1")
    assert job.get(timeout=60) == "long"
    assert made.noted("begin") == ["long"]


@pytest.mark.soak
def test_a_countdown_longer_than_a_rescue_takes_runs_once(shop: Made) -> None:
    made, module = shop
    made.start("worker", "--concurrency", "1")
    made.start("worker", "--concurrency", "1")
    module.mark.apply_async(("later",), countdown=RESCUE * 2)
    assert eventually(lambda: made.noted("mark"), RESCUE * 2 + 10) == ["later"]
    time.sleep(RESCUE / 2)
    assert made.noted("mark") == ["later"]


def test_told_to_stop_a_worker_finishes_what_runs(shop: Made) -> None:
    made, module = shop
    process = made.start("worker", "--concurrency", "1")
    module.slow.delay(2, "runs")
    module.slow.delay(0, "waits")
    assert eventually(lambda: made.noted("begin"))
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0
    assert made.noted("end") == ["runs"]
    made.start("worker", "--concurrency", "1")
    assert eventually(lambda: len(made.noted("end")) == 2, 3)


def test_what_does_not_finish_in_its_time_is_given_back_at_once(shop: Made) -> None:
    made, module = shop
    process = made.start("worker", "--concurrency", "1", "--graceful-timeout", "1")
    module.slow.delay(3, "a")
    assert eventually(lambda: made.noted("begin"))
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0
    assert time.monotonic() - began < 3
    assert "slow" in made.log()
    made.start("worker", "--concurrency", "1")
    assert eventually(lambda: len(made.noted("begin")) == 2, 2)
    assert eventually(lambda: made.noted("end")) == ["a"]


@pytest.mark.soak
def test_of_a_thousand_tasks_none_is_lost_while_workers_are_killed(shop: Made) -> None:
    made, module = shop
    keys = {str(number) for number in range(1000)}
    done = threading.Event()

    def kill_now_and_then() -> None:
        chance = random.Random(15)
        while not done.is_set():
            process = made.start("worker", "--concurrency", "2", ready="")
            if done.wait(chance.uniform(3, 5)):
                return
            made.kill(process)

    made.start("worker", "--concurrency", "2")
    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        for key in sorted(keys):
            module.mark.delay(key)
        marked = eventually(lambda: keys <= set(made.noted("mark")), 120)
    finally:
        done.set()
        killer.join()
    assert marked, f"{len(keys - set(made.noted('mark')))} tasks are lost"


def test_status_tells_of_a_worker_and_its_absence(shop: Made) -> None:
    made, module = shop
    module.mark.delay("x")
    without = made.run("status", "--json")
    assert without.returncode == 1
    assert json.loads(without.stdout)["queues"] == {"celery": 1}
    process = made.start()
    assert eventually(lambda: made.noted("mark"))
    with_one = made.run("status", "--json")
    assert with_one.returncode == 0, with_one.stdout + with_one.stderr
    assert [about["concurrency"] for about in json.loads(with_one.stdout)["workers"].values()] == [2]
    os.kill(process.pid, signal.SIGTERM)
    process.wait(20)


def test_purge_drops_what_waits(shop: Made) -> None:
    made, module = shop
    for key in "abc":
        module.mark.delay(key)
    assert "3 tasks" in made.run("purge").stdout
    assert json.loads(made.run("status", "--json").stdout)["queues"] == {"celery": 0}


def test_a_chord_adds_up(shop: Made) -> None:
    made, module = shop
    made.start()
    job = chord([module.add.s(1, 1), module.add.s(2, 2)])(module.total.s())
    assert job.get(timeout=20) == 6
