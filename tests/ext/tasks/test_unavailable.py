"""A broker that refuses, cannot be reached, or takes a connection and says nothing."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery import group
from celery.exceptions import TimeoutError as JobTimeoutError
from tests.ext.tasks.brokers import RabbitMQ, Shop, eventually, silent_port
from tests.sessions.server_side.conftest import RedisServer

from demijohn.ext.tasks import TasksUnavailable

Make = Callable[..., tuple[Shop, Any]]

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(120)]

TIMEOUT = 1.0


@pytest.fixture(params=["refuses", "is silent", "is full"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    if request.param == "refuses":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            yield int(probe.getsockname()[1])
    elif request.param == "is silent":
        with silent_port() as number:
            yield number
    else:  # no answer to the connection either: it waits in a queue that is full
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(listening.getsockname())
            yield int(listening.getsockname()[1])
            for each in waiting:
                each.close()


@pytest.fixture(params=["redis", "amqp"])
def unavailable(request: pytest.FixtureRequest, port: int, make_shop: Make) -> tuple[Shop, Any]:
    return make_shop(
        TASKS_BROKER=f"{request.param}://127.0.0.1:{port}/", TASKS_PUBLISH_TIMEOUT=TIMEOUT, TASKS_RESULTS=None
    )


def test_the_tenth_time_as_the_first(unavailable: tuple[Shop, Any]) -> None:
    for _ in range(10):
        began = time.monotonic()
        with pytest.raises(TasksUnavailable, match=r"shop\.add"):
            unavailable[1].add.delay(1, 2)
        assert time.monotonic() - began < TIMEOUT + 0.5


def test_many_threads_wait_no_longer_than_one(unavailable: tuple[Shop, Any]) -> None:
    app, add = unavailable[1].app, unavailable[1].add

    def send(_: int) -> float:
        began = time.monotonic()
        with app.app_context(), pytest.raises(TasksUnavailable):
            add.delay(1, 2)
        return time.monotonic() - began

    with ThreadPoolExecutor(24) as pool:
        assert max(pool.map(send, range(24))) < TIMEOUT + 1


def test_a_view_that_does_not_catch_it_answers_503(unavailable: tuple[Shop, Any]) -> None:
    response = unavailable[1].app.test_client().post("/add/1/2")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"


@pytest.mark.servers
def test_status_says_so_in_time_and_exits_with_1(unavailable: tuple[Shop, Any]) -> None:
    began = time.monotonic()
    done = unavailable[0].run("status")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stdout
    assert time.monotonic() - began < 10  # with the start of Python and Celery, on a machine that is busy


def test_after_a_restart_of_the_broker_the_first_task_is_taken(make_shop: Make) -> None:
    server = RedisServer()
    server.start()
    try:
        _, module = make_shop(TASKS_BROKER=server.url, TASKS_PUBLISH_TIMEOUT=TIMEOUT)
        module.add.delay(1, 2)
        server.stop()
        with pytest.raises(TasksUnavailable):
            module.add.delay(1, 2)
        server.start()
        assert module.add.delay(1, 2).id
    finally:
        server.stop()


@pytest.mark.servers
def test_a_job_may_be_forgotten_after_its_broker_has_gone(make_shop: Make) -> None:
    server = RedisServer()
    server.start()
    try:
        _, module = make_shop(TASKS_BROKER=server.url, TASKS_PUBLISH_TIMEOUT=TIMEOUT)
        jobs = group(module.add.s(1, number) for number in range(2)).apply_async()
        with pytest.raises(JobTimeoutError):
            jobs.get(timeout=0.3)
    finally:
        server.stop()
    jobs[0].__del__()  # what it raised would be told by nobody but the interpreter


@pytest.mark.servers
@pytest.mark.xdist_group("rabbitmq")
@pytest.mark.timeout(300)
def test_worker_and_sender_go_on_after_rabbitmq_was_away(make_shop: Make, free_results: str) -> None:
    server = RabbitMQ()
    try:
        server.start()
        made, module = make_shop(
            TASKS_BROKER=server.url, TASKS_PUBLISH_TIMEOUT=TIMEOUT, TASKS_RESULTS=free_results
        )
        made.start("worker", "--concurrency", "1")
        assert module.add.delay(1, 2).get(timeout=20) == 3
        server.stop()
        with pytest.raises(TasksUnavailable):
            module.add.delay(1, 2)
        server.start()
        assert module.add.delay(3, 4).get(timeout=60) == 7
        assert made.workers[0].poll() is None
    finally:
        server.stop()


@pytest.mark.servers
def test_a_worker_goes_on_after_its_broker_was_away_or_silent(make_shop: Make) -> None:
    server = RedisServer()
    server.start()
    try:
        made, module = make_shop(
            TASKS_BROKER=server.url, TASKS_PUBLISH_TIMEOUT=TIMEOUT, TASKS_RESCUE_SECONDS=6
        )
        made.start("worker", "--concurrency", "1")
        assert module.add.delay(1, 2).get(timeout=20) == 3
        server.stop()
        time.sleep(2)
        server.start()
        assert eventually(lambda: module.add.delay(1, 2).get(timeout=30), 40) == 3
        server.freeze()
        with pytest.raises(TasksUnavailable):
            module.add.delay(1, 2)
        time.sleep(8)
        server.thaw()
        assert module.add.delay(3, 4).get(timeout=30) == 7
        assert made.workers[0].poll() is None
    finally:
        if server.process is not None:
            server.process.send_signal(signal.SIGCONT)
        server.stop()
