"""Where fetched sources are kept between runs."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sources(pytestconfig: pytest.Config) -> Path:
    """A folder that outlives the run, for source distributions."""
    return Path(pytestconfig.cache.mkdir("sdists"))
