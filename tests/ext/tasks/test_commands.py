"""The commands besides the worker's own, and what a worker is begun with."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ext.tasks.brokers import HERE, Shop, eventually
from tests.sessions.server_side.conftest import RedisServer

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(240)]

Make = Callable[..., tuple[Shop, Any]]


@pytest.fixture
def redis_broker(redis_server: RedisServer) -> str:
    import redis

    with redis.Redis(port=redis_server.port) as client:
        client.flushdb()
    return redis_server.url


EVERY_SECOND = {"often": {"task": "shop.mark", "schedule": 1.0, "args": ["turn"]}}


def test_two_beats_of_which_one_is_a_worker_s_send_each_turn_once(make_shop: Make, redis_broker: str) -> None:
    made, _ = make_shop(TASKS_BROKER=redis_broker, TASKS_SCHEDULE=EVERY_SECOND)
    worker = made.start("worker", "--concurrency", "1", "--beat")
    made.start("beat", ready="")
    eventually(lambda: len(made.noted("mark")) > 2)
    # Both are there now, and a second beat's first turn is long over.
    time.sleep(3)
    began, before = time.time(), len(made.noted("mark"))
    time.sleep(6)
    turns = len(made.noted("mark")) - before
    assert abs(turns - (time.time() - began)) < 2.5
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(20) == 0


def test_a_worker_takes_from_the_queues_it_is_told(make_shop: Make, redis_broker: str) -> None:
    made, module = make_shop(TASKS_BROKER=redis_broker)
    made.start("worker", "--concurrency", "1", "--queues", "a,b")
    module.mark.apply_async(("default",))
    for queue in "ab":
        module.mark.apply_async((queue,), queue=queue)
    assert eventually(lambda: sorted(made.noted("mark")) == ["a", "b"])
    time.sleep(1)
    assert "default" not in made.noted("mark")


def test_a_worker_begins_anew_when_a_source_file_changes(
    make_shop: Make, redis_broker: str, tmp_path: Path
) -> None:
    source = (HERE / "shop.py").read_text()
    (tmp_path / "window.py").write_text(source.replace("shop.", "window."))
    made, module = make_shop(TASKS_BROKER=redis_broker)
    made.module = "window"
    process = made.start("worker", "--concurrency", "1", "--reload")
    (tmp_path / "window.py").write_text(source.replace('note("mark", key)', 'note("mark", "new", key)'))
    assert eventually(lambda: made.log().count(" is ready:") == 2, 30), made.log()
    module.tasks.celery.send_task("window.mark", ("a",))
    assert eventually(lambda: made.noted("mark")) == ["new a"]
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_process_of_a_worker_has_no_connection_from_before_the_fork(
    make_shop: Make, redis_broker: str, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'shop.db'}"
    made, module = make_shop(TASKS_BROKER=redis_broker, SQLALCHEMY_DATABASE_URI=database)
    made.start("worker", "--concurrency", "1")
    mine, made_by = module.connection_ids.delay().get(timeout=30)
    assert made_by == mine


@pytest.mark.parametrize("command", ["worker", "beat", "status", "purge"])
def test_without_a_broker_a_command_says_what_to_set(make_shop: Make, command: str) -> None:
    made, _ = make_shop()
    done = made.run(command)
    assert done.returncode == 1
    assert "TASKS_BROKER" in done.stderr


def test_a_setting_of_a_turn_that_cannot_be_is_told_at_once(make_shop: Make, redis_broker: str) -> None:
    made, _ = make_shop(
        TASKS_BROKER=redis_broker, TASKS_SCHEDULE={"nightly": {"task": "shop.mark", "schedule": 0}}
    )
    done = made.run("beat")
    assert done.returncode == 1
    assert "nightly" in done.stderr
