"""A request leaves nothing for the cyclic garbage collector: memory is freed as soon as it is answered."""

from __future__ import annotations

import pytest
from tests.bench.counting import driver_for, garbage_per_request

EVERYWHERE = ("hello", "params", "json", "query", "form", "multipart", "session-read", "session-write",
              "session-idle", "abort", "unrouted", "method", "page", "stream", "hooks")  # fmt: skip


@pytest.mark.serial
@pytest.mark.parametrize("case", [*EVERYWHERE, "static", "bridge"])
def test_no_cyclic_garbage_under_wsgi(case: str) -> None:
    with driver_for(case, "wsgi", "sync") as (driver, _):
        assert garbage_per_request(driver) == 0


@pytest.mark.serial
@pytest.mark.parametrize("case", EVERYWHERE)
@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_no_cyclic_garbage_with_async_views(case: str, protocol: str) -> None:
    with driver_for(case, protocol, "async") as (driver, _):
        assert garbage_per_request(driver) == 0


@pytest.mark.serial
@pytest.mark.parametrize("case", ["hello", "abort", "session-write", "stream"])
@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_no_cyclic_garbage_with_sync_views_in_the_thread_pool(case: str, protocol: str) -> None:
    with driver_for(case, protocol, "sync") as (driver, _):
        assert garbage_per_request(driver) == 0
