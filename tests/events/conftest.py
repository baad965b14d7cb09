"""A broadcast of each kind: in this process, and through a real Valkey."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from tests.sessions.server_side.conftest import RedisServer, own_redis, shared_redis

from demijohn import Broadcast

__all__ = ["RedisServer", "own_redis", "shared_redis"]


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Broadcast]]:
    """Makes broadcasts of one kind; through Redis, those of one test are one."""
    made: list[Broadcast] = []
    name = secrets.token_hex(6)

    def broadcast(**options: int) -> Broadcast:
        url = request.getfixturevalue("shared_redis").url if request.param == "redis" else None
        made.append(Broadcast(url, name=name, **options))
        return made[-1]

    yield broadcast
    for broadcast in made:
        broadcast.close()
