"""Other people's suites over this package: no test fails that passes on Flask."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.compat import peers, suites

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

#: Of Werkzeug's tests of request and response, those that ours is not meant to pass.
STRICTER = {
    "tests.test_wrappers::test_response_set_status[wtf-0-0 wtf]": "a status without a code ends some servers",
    "tests.test_wrappers::test_invalid_range_request": "a range that cannot be read is ignored, outside of compat",
    "tests.test_wrappers::test_response_headers_passthrough": "the fields are shared, through a strict view",
}

WERKZEUG_TESTS = (
    "test_wrappers.py test_formparser.py test_send_file.py test_utils.py test_test.py test_wsgi.py"
    " test_exceptions.py test_routing.py sansio"
).split()

_OURS = ["-p", "demijohn.compat.pytest"]
#: Each suite runs on Flask, on this package, and there with the requests of its test clients sent over ASGI.
SIDES = {"flask": [], "ours": _OURS, "asgi": [*_OURS, "-p", "over_protocol"]}


@pytest.fixture(scope="module")
def python(sources):
    return peers.make_environment(sources / "peers")


@pytest.fixture(scope="module")
def path(python, tmp_path_factory):
    """A PATH on which `flask` is this package's command."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "flask"
    command.write_text(f'#!/bin/sh\nexec "{python}" -m demijohn.compat -m flask "$@"\n')
    command.chmod(0o755)
    return {"flask": _path(python.parent), "ours": f"{folder}{os.pathsep}{_path(python.parent)}"}


def _path(folder: Path) -> str:
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("suite", peers.SUITES, ids=lambda suite: suite.name)
def test_no_test_fails_that_passes_on_flask(suite, sources, python, path, tmp_path):
    source = suites.fetch(suite.requirement, sources)
    options = ["-o", "addopts=", "--continue-on-collection-errors", "--timeout=120", suite.tests]
    results, outputs = {}, {}
    for side, plugins in SIDES.items():
        folder = suites.copy(source, tmp_path / side, suite.tests, *suite.files)
        results[side], outputs[side] = suites.run(
            folder,
            *suites.loading(suite.plugins),
            *plugins,
            *options,
            python=str(python),
            timeout=1200,
            PATH=path["flask" if side == "flask" else "ours"],
            DEMIJOHN_COMPAT_EXTENSIONS="none",
            OVER_PROTOCOL="asgi",
        )
    passed = suites.named(results["flask"], "passed")
    assert passed, outputs["flask"]
    assert passed - suites.named(results["ours"], "passed") == set(), outputs["ours"]
    unshared = {name for name, _ in suite.not_over_asgi}
    assert passed - suites.named(results["asgi"], "passed") == unshared, outputs["asgi"]


def test_flask_restful_gains_the_tests_that_flask_itself_fails(sources, python, tmp_path):
    source = suites.fetch("flask-restful==0.3.10", sources)
    folder = suites.copy(source, tmp_path / "older", "tests")
    variables = {"DEMIJOHN_COMPAT": "2.0", "DEMIJOHN_COMPAT_EXTENSIONS": "none"}
    found, output = suites.run(
        folder, "-p", "demijohn.compat.pytest", "tests/test_reqparse.py", python=str(python), **variables
    )
    assert suites.named(found, "failed", "error") == set(), output


def test_extensions_that_flask_itself_lost_run_at_an_older_level(python):
    program = Path(__file__).parent / "plugins" / "with_old_extensions.py"
    done = subprocess.run(
        [str(python), "-W", "ignore", str(program)],
        env=suites.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "flask_babelex": "1.234,5",
        "flask_gravatar": "http://www.gravatar.com/avatar/5d60d4e28066df254d5452f92c910092?s=100&amp;d=retro&amp;r=g",
        "flask_kvsession": ["1", "2"],
        "flask_sijax": '[{"alert":"hi","type":"alert"}]',
    }


def test_werkzeugs_tests_of_request_and_response_pass_on_ours(sources, python, tmp_path):
    source = suites.fetch("werkzeug==3.1.9", sources)
    folder = suites.copy(source, tmp_path / "werkzeug", "tests", "pyproject.toml")
    chosen = [f"tests/{name}" for name in WERKZEUG_TESTS]
    found, output = suites.run(folder, "-p", "over_ours", *chosen, python=str(python))
    assert suites.named(found, "failed", "error") == set(STRICTER), output


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@pytest.mark.parametrize("instrumentation", ["opentelemetry", "sentry"])
def test_stock_instrumentation_sees_requests_as_on_flask(python, instrumentation, protocol):
    program = Path(__file__).parent / "plugins" / f"with_{instrumentation}.py"

    def seen(*arguments: str) -> object:
        done = subprocess.run(
            [str(python), str(program), *arguments],
            env=suites.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    assert seen("ours", protocol) == seen("flask")


def test_flask_wtf_reads_our_tokens_and_we_read_its_own(python):
    program = Path(__file__).parent / "plugins" / "with_flask_wtf_tokens.py"
    done = subprocess.run(
        [str(python), str(program)], env=suites.environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    expected = [None, "The CSRF tokens do not match.", "The CSRF token is invalid."]
    assert json.loads(done.stdout) == {"theirs by ours": expected, "ours by theirs": expected}
