"""Flask's own test suite, from the source distribution of the release whose behaviour is promised."""

from __future__ import annotations

import pytest
from tests.compat import suites

from demijohn.compat.distribution import VERSION

#: Tests that a re-implementation cannot share, each with its reason. A test here that passes is an
#: error of this list.
NOT_SHARED: dict[str, str] = {}

#: How many tests there are in the suite of 3.1.3.
TESTS = 490


@pytest.fixture(scope="module")
def flask_suite(sources, tmp_path_factory):
    source = suites.fetch(f"flask=={VERSION}", sources)
    folder = suites.copy(source, tmp_path_factory.mktemp("flask") / "suite", "tests", "pyproject.toml")
    return suites.run(folder, "-p", "older_pytest", "-p", "demijohn.compat.pytest", "tests")


@pytest.mark.slow
def test_flasks_own_suite_passes(flask_suite):
    found, output = flask_suite
    assert suites.named(found, "failed", "error") == set(NOT_SHARED), output


@pytest.mark.slow
def test_flasks_own_suite_ran_completely(flask_suite):
    found, output = flask_suite
    assert len(found) == TESTS
    assert not suites.named(found, "skipped"), output


def test_the_list_of_what_is_not_shared_stays_short():
    assert len(NOT_SHARED) < 10
