"""Every name that Flask's modules have, private ones too, is there, takes the same arguments and says that
it is from the same module; taken from Flask's own source."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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
#: Where a parameter has another name, and why nobody gives it by name.
OTHER_NAMES = {
    "flask.cli.FlaskGroup.get_command": "Click's own name for it, and Click calls it",
    "flask.templating._render": "the context of Flask 3.2, or the application of 3.1",
    "flask.templating._stream": "the context of Flask 3.2, or the application of 3.1",
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

LIST_PARAMETERS = """
import importlib, inspect, json

def parameters(value):
    return [
        (p.name, p.kind.name, p.default is not p.empty) for p in inspect.signature(value).parameters.values()
    ]

found, homes = {}, {}
for name in NAMES:
    for key, value in list(vars(importlib.import_module(name)).items()):
        if not (getattr(value, "__module__", None) or "").startswith(("flask", "demijohn")):
            continue
        if inspect.isfunction(value):
            found[f"{name}.{key}"] = parameters(value)
        elif isinstance(value, type):
            homes[f"{name}.{key}"] = value.__module__
            for attribute in dir(value):
                member = getattr(value, attribute)
                if inspect.isfunction(member) and (attribute == "__init__" or attribute[:2] != "__"):
                    found[f"{name}.{key}.{attribute}"] = parameters(member)
print(json.dumps({"parameters": found, "homes": homes}))
"""


def listed(setup: str, names: list[str], program: str = LIST_NAMES, **variables: str) -> dict[str, Any]:
    source = f"{setup}\nNAMES = {names!r}\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={**suites.environment(), **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def both(sources: Path, program: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a program prints of Flask, and of this package in its place."""
    real = suites.fetch(f"flask=={VERSION}", sources) / "src"
    names = sorted(name for name in MODULES if name != "flask.scaffold")
    return (
        listed("", names, program, PYTHONPATH=str(real)),
        listed("import demijohn.compat; demijohn.compat.install()", names, program),
    )


@pytest.fixture(scope="module")
def signatures(sources):
    return both(sources, LIST_PARAMETERS)


@pytest.mark.slow
def test_every_name_of_flask_is_there(sources):
    theirs, ours = both(sources, LIST_NAMES)
    missing = {
        owner: sorted(set(attributes) - set(ours.get(owner, ())) - ELSEWHERE.get(owner, set()))
        for owner, attributes in theirs.items()
    }
    assert {owner: attributes for owner, attributes in missing.items() if attributes} == {}


@pytest.mark.slow
def test_every_function_takes_the_arguments_that_flasks_takes(signatures):
    theirs, ours = signatures
    refused = {
        name: (parameters, ours["parameters"][name])
        for name, parameters in theirs["parameters"].items()
        if name in ours["parameters"] and not _takes(ours["parameters"][name], parameters)
    }
    assert set(refused) == set(OTHER_NAMES), refused
    assert len(theirs["parameters"]) > 500


def _takes(ours: list[list[Any]], theirs: list[list[Any]]) -> bool:
    """Whether every call that one signature allows is allowed by the other, by position and by name."""
    kinds = {kind for _, kind, _ in ours}
    if {"VAR_POSITIONAL", "VAR_KEYWORD"} <= kinds:
        return True
    for place, (name, kind, optional) in enumerate(theirs):
        if name in {"self", "cls"} or kind in {"VAR_POSITIONAL", "VAR_KEYWORD"}:
            continue
        found = next((p for p in ours if p[0] == name), None)
        if found is None or (optional and not found[2]):
            return False
        if kind == "POSITIONAL_OR_KEYWORD" and ours.index(found) != place:
            return False
    known = {name for name, *_ in theirs}
    return all(optional or kind.startswith("VAR") or name in known for name, kind, optional in ours[1:])


@pytest.mark.slow
def test_classes_say_that_they_are_from_the_module_that_flasks_are_from(signatures):
    theirs, ours = signatures
    # Flask has two classes of this name, one on top of the other.
    expected = theirs["homes"] | {
        "flask.blueprints.SansioBlueprint": "flask.blueprints",
        "flask.sansio.blueprints.Blueprint": "flask.blueprints",
    }
    assert {name: ours["homes"].get(name) for name in expected} == expected
