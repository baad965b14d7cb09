"""Top-level test options only; fixtures live beside the tests that use them."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Under xdist on two busy cores a deadline per example says more about the machine than about the code.
settings.register_profile("check", deadline=None, max_examples=100, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share a server or a browser in one worker, so that they do not compete."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
