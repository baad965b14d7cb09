"""An application with tasks on each broker."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.ext.tasks.brokers import HERE, RabbitMQ, Shop
from tests.sessions.server_side.conftest import RedisServer

from demijohn import Flask
from demijohn.ext.tasks import Tasks, task

#: Seconds; short, so that tests need not wait a minute.
RESCUE = 6


@pytest.fixture(autouse=True)
def _no_tasks_left() -> Iterator[None]:
    """Tasks that a test writes are not the next one's."""
    before = set(task.written)
    yield
    for name in set(task.written) - before:
        if not name.startswith("shop."):  # which is imported once
            del task.written[name]


@pytest.fixture
def app() -> Flask:
    made = Flask("shop", static_folder=None)
    made.config.update(SECRET_KEY="a key that is only for tests", TESTING=True)
    return made


@pytest.fixture
def tasks(app: Flask) -> Iterator[Tasks]:
    """Tasks in threads of this process."""
    made = Tasks(app)
    yield made
    made.celery.engine.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    server = RabbitMQ()
    try:
        server.start()
        yield server
    finally:  # one that was too slow to start as well
        server.stop()


@pytest.fixture
def free_results(tmp_path: Path) -> str:
    """Where results are kept that is no Redis."""
    return f"db+sqlite:///{tmp_path}/results.db"


@pytest.fixture
def make_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Shop, Any]]]:
    """A function that makes the shop with settings, and imports it here too."""
    with contextlib.ExitStack() as stack:

        def make(**settings: Any) -> tuple[Shop, Any]:
            made = Shop(tmp_path, settings, stack)
            for name in ("SHOP_SETTINGS", "SHOP_NOTES"):
                monkeypatch.setenv(name, made.environment[name])
            if "shop" not in sys.modules:
                monkeypatch.syspath_prepend(HERE)
            module = importlib.import_module("shop")
            app = module.create_app()
            stack.enter_context(app.app_context())
            given = {**vars(module), "app": app, "tasks": app.extensions["tasks"]}
            return made, SimpleNamespace(**given)

        yield make


@pytest.fixture(
    params=[
        "redis",
        pytest.param("rabbitmq", marks=[pytest.mark.xdist_group("rabbitmq"), pytest.mark.soak]),
    ]
)
def broker(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of each broker, empty."""
    import redis

    server = request.getfixturevalue("redis_server")
    with redis.Redis(port=server.port) as client:
        client.flushdb()
    address = f"redis://127.0.0.1:{server.port}/0"
    settings = {"TASKS_BROKER": address, "TASKS_RESCUE_SECONDS": RESCUE}
    if request.param == "rabbitmq":
        settings |= {"TASKS_BROKER": request.getfixturevalue("rabbitmq").url, "TASKS_RESULTS": address}
    return settings


@pytest.fixture
def shop(make_shop: Callable[..., tuple[Shop, Any]], broker: dict[str, Any]) -> Iterator[tuple[Shop, Any]]:
    made, module = make_shop(**broker)
    with module.tasks.celery.connection_for_write() as connection:
        channel = connection.default_channel
        with contextlib.suppress(*connection.channel_errors):
            channel.queue_purge("celery")
    return made, module
