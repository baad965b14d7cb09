"""The page that follows two requests line by line tells what happens, in that order."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from demijohn import signals

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "request-path.md"


def load(name):
    path = DOCS / "examples" / "request_path" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"request_path_{name}", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch):
    """Other tests of this process may have listened to signals, which keeps the short way closed."""
    monkeypatch.setattr(signals, "listening", False)


def followed(app, path):
    """The functions of the package that are entered for the second request, in order, and the answer."""
    environ = EnvironBuilder(path).get_environ()
    run_wsgi_app(app, dict(environ), buffered=True)
    entered = []

    def profile(frame, event, argument):
        if event == "call" and frame.f_globals.get("__name__", "").startswith("demijohn."):
            entered.append((frame.f_globals["__name__"].removeprefix("demijohn."), frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
    finally:
        sys.setprofile(before)
    return entered, (status, headers, b"".join(body))


def test_hello_enters_the_functions_of_the_page_and_no_other():
    entered, (status, _, body) = followed(load("hello"), "/")
    assert (status, body) == ("200 OK", b"Hello")
    assert entered == [
        ("app", "__call__"), ("adapters.wsgi", "serve"), ("contexts.bare", "__init__"),
        ("dispatch.short", "conclude"),
    ]  # fmt: skip


def test_the_complete_course_goes_through_the_files_of_the_page_in_its_order():
    entered, (status, headers, body) = followed(load("book"), "/book")
    assert (status, headers["X-Cellar"], body) == ("200 OK", "1", b"One.\nTwo.\n")
    first = list(dict.fromkeys(entered))
    course = [
        ("app", "__call__"), ("adapters.wsgi", "serve"), ("app", "request_context"),
        ("dispatch.pipeline", "pipeline"), ("dispatch.pipeline", "full_dispatch"), ("helpers", "stream_with_context"),
        ("dispatch.responses", "finalize"), ("dispatch.responses", "make_response"), ("waiting.steps", "step"),
        ("dispatch.teardown", "end"), ("adapters.wsgi", "__next__"), ("dispatch.teardown", "tear_down"),
    ]  # fmt: skip
    assert [step for step in first if step in course] == course


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"`((?:\w+/)*\w+\.py)`", PAGE.read_text()))
    assert len(named) > 12
    source = DOCS.parent / "src" / "demijohn"
    assert [name for name in named if not (source / name).is_file()] == []
