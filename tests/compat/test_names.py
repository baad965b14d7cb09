"""Every name that Flask's modules have, private ones too, is there; taken from Flask's own source."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.compat import suites

from demijohn.compat.distribution import VERSION
from demijohn.compat.names import MODULES

#: What a re-implementation keeps elsewhere; nobody was found to use it.
ELSEWHERE = {
    "flask.templating.DispatchingJinjaLoader": {"_get_source_explained", "_get_source_fast"},
    "flask.sansio.app.DispatchingJinjaLoader": {"_get_source_explained", "_get_source_fast"},
    "RequestContext()": {"_cv_tokens"},
    "AppContext()": {"_cv_tokens"},
    "Response()": {"headers"},  # made when first asked for, so dir() does not show it
}

LIST_NAMES = """
import importlib, json
import flask

def public(value):
    return sorted(name for name in dir(value) if not name.startswith("__"))

found = {}
for name in NAMES:
    module = importlib.import_module(name)
    found[name] = [n for n in vars(module) if not n.startswith("__") or n == "__getattr__"]
    for key, value in list(vars(module).items()):
        if isinstance(value, type):
            found[f"{name}.{key}"] = public(value)
app = flask.Flask("app", root_path="/")
found["Flask()"] = public(app)
found["Blueprint()"] = public(flask.Blueprint("name", "module", root_path="/"))
found["FlaskClient()"] = public(app.test_client())
found["Response()"] = public(flask.Response())
with app.test_request_context():
    from flask.globals import app_ctx, request_ctx
    found["Request()"] = public(flask.request._get_current_object())
    found["RequestContext()"] = public(request_ctx._get_current_object())
    found["AppContext()"] = public(app_ctx._get_current_object())
    found["g"] = public(flask.g._get_current_object())
print(json.dumps(found))
"""


def listed(setup: str, names: list[str], **variables: str) -> dict[str, list[str]]:
    source = f"{setup}\nNAMES = {names!r}\n{LIST_NAMES}"
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={**suites.environment(), **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_every_name_of_flask_is_there(sources):
    real = suites.fetch(f"flask=={VERSION}", sources) / "src"
    names = sorted(name for name in MODULES if name != "flask.scaffold")
    theirs = listed("", names, PYTHONPATH=str(real))
    ours = listed("import demijohn.compat; demijohn.compat.install()", names)
    missing = {
        owner: sorted(set(attributes) - set(ours.get(owner, ())) - ELSEWHERE.get(owner, set()))
        for owner, attributes in theirs.items()
    }
    assert {owner: attributes for owner, attributes in missing.items() if attributes} == {}
