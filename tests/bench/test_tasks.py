"""No task is created per request on the server's loop: a task costs more than hello does."""

from __future__ import annotations

import pytest
from tests.bench.counting import driver_for, tasks_per_request


@pytest.mark.serial
@pytest.mark.parametrize("views", ["async", "sync"])
@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
@pytest.mark.parametrize("case", ["hello", "form", "session-write", "abort", "unrouted", "page", "hooks"])
def test_no_task_per_request(case: str, protocol: str, views: str) -> None:
    with driver_for(case, protocol, views) as (driver, loop):
        assert tasks_per_request(driver, loop) == 0
