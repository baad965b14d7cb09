"""The suites of extensions over the rooms that stand in for them: no test fails that passes on the original.

Here `flask_sqlalchemy` and the others of `ROOMS` are aliases of this package's rooms; `test_peers` runs the
originals on this package's core.
"""

from __future__ import annotations

import os

import pytest
from tests.compat import peers, suites

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

ROOMS = (
    "flask-login",
    "flask-migrate",
    "flask-restful",
    "flask-reuploaded",
    "flask-socketio",
    "flask-sqlalchemy",
    "flask-wtf",
)

#: Of Flask-RESTful's tests, those that fail on the room at level 3.1, as they do on the original with Flask 3.1.
RESTFUL_LOST = {
    "tests.test_api.APITestCase::test_exception_header_forwarded": "changes what Flask's abort no longer looks at",
    "tests.test_api.APITestCase::test_media_types_method": "sends a quality without its 0, which Werkzeug ignores",
    "tests.test_api.APITestCase::test_media_types_q": "sends a quality without its 0, which Werkzeug ignores",
    "tests.test_api.APITestCase::test_redirect": "expects an absolute Location: at level 2.0 it is",
    "tests.test_fields.FieldsTestCase::test_iso8601_date_field_with_offset": "the CET of today's pytz",
    "tests.test_fields.FieldsTestCase::test_rfc822_date_field_with_offset": "the CET of today's pytz",
    "tests.test_fields::test_iso8601_datetime_formatters": "the CET of today's pytz",
    "tests.test_fields::test_rfc822_datetime_formatters": "the CET of today's pytz",
}
#: Of Flask-Dance's tests, those that hand in, or expect, objects of oauthlib and requests-oauthlib.
DANCE_LOST = {
    "tests.consumer.test_oauth2::test_authorized_url_invalid_response": "catches oauthlib's MissingCodeError",
    "tests.contrib.test_jira::test_content_type": "replaces a method of oauthlib's Client",
    "tests.contrib.test_jira::test_load_from_config": "replaces a method of oauthlib's Client",
}
#: Of Flask-Limiter's tests, those that fail on the room, with the reason.
LIMITER_LOST = {
    "tests.test_commands": "the commands that print tables: `demijohn routes` shows limits",
    **dict.fromkeys(
        (
            "tests.test_blueprints::test_invalid_decorated_static_limit_blueprint",
            "tests.test_blueprints::test_invalid_decorated_dynamic_limits_blueprint",
            "tests.test_decorators::test_invalid_decorated_dynamic_limits",
            "tests.test_decorators::test_invalid_decorated_static_limits",
        ),
        "a limit that cannot be read is an error, and not a line of the log beside a view that has none",
    ),
    "tests.test_decorators::test_non_route_decoration_static_limits_override_defaults":
        "default limits that end with what the request before it called",
    "tests.test_error_handling::test_fallback_to_memory": "asks a Redis at port 46379, of Docker; passes with one",
    "tests.test_flask_ext::test_multiple_limiters_default_limits": "counts by the first of two limiters first",
    "tests.test_regressions::test_invalid_ratelimit_key": "a client without a key is counted as one, not let in",
}  # fmt: skip
#: The import name, where it is not the distribution's.
IMPORTED = {"flask-reuploaded": "flask_uploads"}


@pytest.fixture(scope="module")
def python(sources):
    return peers.make_environment(sources / "peers")


@pytest.fixture
def path(python, tmp_path):
    """For each side, a PATH on which `flask` is its own command."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "flask"
    command.write_text(f'#!/bin/sh\nexec "{python}" -m demijohn.compat -m flask "$@"\n')
    command.chmod(0o755)
    theirs = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    return {"original": theirs, "room": f"{command.parent}{os.pathsep}{theirs}"}


@pytest.mark.parametrize("name", ROOMS)
def test_no_test_fails_on_the_room_that_passes_on_the_original(name, sources, python, path, tmp_path):
    suite = next(suite for suite in peers.SUITES if suite.name == name)
    source = suites.fetch(suite.requirement, sources)
    options = ["-o", "addopts=", "--continue-on-collection-errors", "--timeout=120", suite.tests]
    passed, outputs = {}, {}
    for side, plugin in {"original": [], "room": ["-p", "demijohn.compat.pytest"]}.items():
        folder = suites.copy(source, tmp_path / side, suite.tests, *suite.files)
        found, outputs[side] = suites.run(
            folder,
            *suites.loading(suite.plugins),
            *plugin,
            *options,
            python=str(python),
            timeout=1200,
            PATH=path[side],
            DEMIJOHN_COMPAT_EXTENSIONS=IMPORTED.get(name, name.replace("-", "_")),
        )
        passed[side] = suites.named(found, "passed")
        print(f"{name}, {side}: {len(passed[side])} of {len(found)} passed")
    assert passed["original"], outputs["original"]
    assert passed["original"] - passed["room"] == set(), outputs["room"]


def test_flask_restfuls_suite_passes_but_for_what_its_time_took(sources, python, path, tmp_path):
    suite = next(suite for suite in peers.SUITES if suite.name == "flask-restful")
    folder = suites.copy(
        suites.fetch(suite.requirement, sources), tmp_path / "room", suite.tests, *suite.files
    )
    plugins = suites.loading([*suite.plugins, "demijohn.compat.pytest"])
    variables = {"PATH": path["room"], "DEMIJOHN_COMPAT_EXTENSIONS": "flask_restful"}
    found, output = suites.run(
        folder, *plugins, "-o", "addopts=", suite.tests, python=str(python), **variables
    )
    assert suites.named(found, "failed", "error") == set(RESTFUL_LOST), output
    assert len(suites.named(found, "passed")) > 300


def test_flask_sijaxs_suite_passes(sources, python, path, tmp_path):
    """The original has none to compare with: it cannot be imported with Flask 3."""
    source = suites.fetch("flask-sijax==0.4.1", sources)
    folder = suites.copy(source, tmp_path / "room", "tests.py")
    found, output = suites.run(
        folder, *suites.loading(["demijohn.compat.pytest"]), "tests.py", python=str(python),
        PATH=path["room"], DEMIJOHN_COMPAT_EXTENSIONS="flask_sijax",
    )  # fmt: skip
    assert suites.named(found, "failed", "error", "skipped") == set(), output
    assert len(suites.named(found, "passed")) == 11


def test_flask_dances_suite_passes_but_for_the_objects_of_oauthlib(sources, python, path, tmp_path):
    suite = next(suite for suite in peers.SUITES if suite.name == "flask-dance")
    folder = suites.copy(
        suites.fetch(suite.requirement, sources), tmp_path / "room", suite.tests, *suite.files
    )
    plugins = suites.loading([*suite.plugins, "demijohn.compat.pytest"])
    variables = {"PATH": path["room"], "DEMIJOHN_COMPAT_EXTENSIONS": "flask_dance"}
    found, output = suites.run(
        folder, *plugins, "-o", "addopts=", suite.tests, python=str(python), **variables
    )
    assert suites.named(found, "failed", "error") == set(DANCE_LOST), output
    assert len(suites.named(found, "passed")) == 202 - len(DANCE_LOST)


def test_flask_limiters_suite_passes_but_for_what_is_named(sources, python, path, tmp_path):
    suite = next(suite for suite in peers.SUITES if suite.name == "flask-limiter")
    folder = suites.copy(
        suites.fetch(suite.requirement, sources), tmp_path / "room", suite.tests, *suite.files
    )
    plugins = suites.loading([*suite.plugins, "demijohn.compat.pytest"])
    variables = {"PATH": path["room"], "DEMIJOHN_COMPAT_EXTENSIONS": "flask_limiter,flask_restful"}
    found, output = suites.run(
        folder, *plugins, "-o", "addopts=", "--continue-on-collection-errors", suite.tests,
        python=str(python), **variables,
    )  # fmt: skip
    lost = {name.strip(":") for name in suites.named(found, "failed", "error")}
    assert lost == set(LIMITER_LOST), output
    assert len(suites.named(found, "passed")) >= 96
