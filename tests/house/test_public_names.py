"""The public surface: Flask's names are there, lists are sorted, and every name is documented."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import demijohn

# Flask 3.1's top-level names, and Quart's for what Flask lacks.
FLASK_NAMES = """
    Blueprint Config Flask Request Response abort after_this_request appcontext_popped appcontext_pushed
    appcontext_tearing_down before_render_template copy_current_request_context current_app flash g
    get_flashed_messages get_template_attribute got_request_exception has_app_context has_request_context json
    jsonify make_response message_flashed redirect render_template render_template_string request
    request_finished request_started request_tearing_down send_file send_from_directory session
    stream_template stream_template_string stream_with_context template_rendered url_for
""".split()
QUART_NAMES = ["websocket"]
FLASK_MODULES = """
    app blueprints cli config ctx globals helpers json json.provider json.tag logging sessions signals
    templating testing typing views wrappers
""".split()

# What these are for is what happens when they are imported.
ACT_WHEN_IMPORTED = ("__main__", "compat.served")


def module_names() -> list[str]:
    found = pkgutil.walk_packages(demijohn.__path__, "demijohn.")
    return ["demijohn", *(module.name for module in found if not module.name.endswith(ACT_WHEN_IMPORTED))]


@pytest.mark.parametrize("name", FLASK_NAMES + QUART_NAMES)
def test_a_name_of_flask_is_public(name):
    assert name in demijohn.__all__
    assert hasattr(demijohn, name)


@pytest.mark.parametrize("name", FLASK_MODULES)
def test_a_public_module_of_flask_is_there(name):
    importlib.import_module(f"demijohn.{name}")


def test_the_application_class_is_found_where_flask_has_it():
    from demijohn.app import Flask

    assert Flask is demijohn.Flask


def test_public_names_stay_names_when_modules_share_them():
    """`demijohn/request.py` is a module and `demijohn.request` a proxy: importing the one keeps the other."""
    for name in set(demijohn.__all__) - {"json"}:
        before = getattr(demijohn, name)
        try:
            importlib.import_module(f"demijohn.{name}")
        except ModuleNotFoundError:
            continue
        assert getattr(demijohn, name) is before, name


@pytest.mark.parametrize("name", module_names())
def test_lists_of_public_names_are_sorted_and_true(name):
    module = importlib.import_module(name)
    names = list(getattr(module, "__all__", []))
    assert names == sorted(names)
    assert len(names) == len(set(names))
    assert [missing for missing in names if not hasattr(module, missing)] == []


def documented_names(pages: str) -> set[str]:
    """Words that stand in code spans, code blocks or autodoc directives of the documentation."""
    spans = re.findall(r"`+[^`]+`+|^```.*?^```", pages, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"\w+", " ".join(spans)))


def test_every_public_name_is_documented(root):
    pages = "\n".join(
        path.read_text() for path in (root / "docs").rglob("*.md") if "_build" not in path.parts
    )
    missing = sorted(set(demijohn.__all__) - documented_names(pages))
    assert not missing, f"no page of docs/ shows these names as code: {', '.join(missing)}"


def test_a_name_in_running_text_does_not_count_as_documented():
    assert documented_names("The g of `flash()` and\n```python\nabort(404)\n```\n") >= {"flash", "abort"}
    assert "g" not in documented_names("The g of `flash()`")
