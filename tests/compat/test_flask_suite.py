"""Flask's own test suite, from the source distribution of the release whose behaviour is promised."""

from __future__ import annotations

import pytest
from tests.compat import suites

from demijohn.compat.distribution import VERSION

# Ten seconds on an idle machine, fetching left out.
pytestmark = pytest.mark.timeout(600)

#: Tests that a re-implementation cannot share, each with its reason. A test here that passes is an
#: error of this list.
NOT_SHARED: dict[str, str] = {}

#: Tests that expect the request to run inside of a context which the test itself has pushed: under ASGI and
#: RSGI requests run in the server's threads, as they do under any server.
IN_THE_TESTS_CONTEXT = {
    "tests.test_appctx::test_app_tearing_down_with_handled_exception_by_app_handler",
    "tests.test_appctx::test_app_tearing_down_with_unhandled_exception",
}

#: How many tests there are in the suite of 3.1.3.
TESTS = 490


@pytest.fixture(scope="module")
def flask_tests(sources, tmp_path_factory):
    source = suites.fetch(f"flask=={VERSION}", sources)
    return suites.copy(source, tmp_path_factory.mktemp("flask") / "suite", "tests", "pyproject.toml")


@pytest.fixture(scope="module")
def flask_suite(flask_tests):
    return suites.run(flask_tests, "-p", "older_pytest", "-p", "demijohn.compat.pytest", "tests")


@pytest.mark.slow
def test_flasks_own_suite_passes(flask_suite):
    found, output = flask_suite
    assert suites.named(found, "failed", "error") == set(NOT_SHARED), output


@pytest.mark.slow
def test_flasks_own_suite_ran_completely(flask_suite):
    found, output = flask_suite
    assert len(found) == TESTS
    assert not suites.named(found, "skipped"), output


@pytest.mark.peers
@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_flasks_own_suite_passes_with_its_requests_sent_by_another_protocol(flask_tests, protocol):
    plugins = [f"-p{name}" for name in ("older_pytest", "demijohn.compat.pytest", "over_protocol")]
    found, output = suites.run(flask_tests, *plugins, "tests", OVER_PROTOCOL=protocol)
    assert suites.named(found, "failed", "error") == set(NOT_SHARED) | IN_THE_TESTS_CONTEXT, output
    assert len(found) == TESTS


def test_the_list_of_what_is_not_shared_stays_short():
    assert len(NOT_SHARED) < 10
