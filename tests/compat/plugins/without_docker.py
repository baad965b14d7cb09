"""Flask-Limiter's fixture of services in Docker, where there is no Docker: its tests of these are skipped."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def docker_services() -> Any:
    """Nothing."""
    pytest.skip("the services of this test run in Docker")
