"""From ``--app`` to the application."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from demijohn import Flask
from demijohn.cli import NoAppException, ScriptInfo, find_best_app, locate_app, prepare_import

IMPORT = "from demijohn import Flask\n"


def module(**names):
    return SimpleNamespace(__name__="mod", **names)


def factory():
    return Flask("made")


def factory_with_arguments(a, b):
    return Flask("made")


@pytest.mark.parametrize("name", ["app", "application", "anything"])
def test_a_module_with_one_application_has_that_one(name):
    app = Flask("x")
    assert find_best_app(module(**{name: app})) is app


def test_app_is_preferred_to_others_and_an_application_to_a_factory():
    app = Flask("x")
    assert find_best_app(module(app=app, other=Flask("y"), create_app=factory)) is app


@pytest.mark.parametrize("name", ["create_app", "make_app"])
def test_a_factory_is_called(name):
    assert find_best_app(module(**{name: factory})).name == "made"


def test_the_current_app_proxy_in_a_module_is_no_application():
    from demijohn import current_app

    with pytest.raises(NoAppException, match="Failed to find Flask application"):
        find_best_app(module(current_app=current_app))


def test_two_applications_are_ambiguous_and_it_says_how_to_choose():
    with pytest.raises(NoAppException, match="Detected multiple.*Use 'mod:name'"):
        find_best_app(module(a=Flask("a"), b=Flask("b")))


def test_a_factory_that_needs_arguments_says_how_to_give_them():
    with pytest.raises(NoAppException, match=r"Use 'mod:create_app\(args\)'"):
        find_best_app(module(create_app=factory_with_arguments))


def test_a_type_error_inside_a_factory_is_not_taken_for_wrong_arguments():
    def create_app():
        raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        find_best_app(module(create_app=create_app))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("app", "plain"),
        ("create()", "made--"),
        ("create('a')", "made-a-"),
        ("create('a', y='b', )", "made-a-b"),
        (" create ( ) ", "made--"),
        ("create", "made--"),
    ],
)
def test_forms_of_a_name(project, text, name):
    project("m1.py", IMPORT + "app = Flask('plain')\ndef create(x='', y=''): return Flask(f'made-{x}-{y}')")
    assert ScriptInfo(f"m1.py:{text}").load_app().name == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("create(", "Failed to parse"),
        ("1 + 1", "Failed to parse"),
        ("a.create()", "must be a simple name"),
        ("create(os.name)", "as literal values"),
        ("create(1, 2, 3)", "could not be called with the specified arguments"),
        ("missing", "Failed to find attribute 'missing' in 'm2'"),
        ("number", "A valid Flask application was not obtained from 'm2:number'"),
    ],
)
def test_a_name_that_is_wrong_says_why(project, text, reason):
    project("m2.py", IMPORT + "number = 1\ndef create(x='', y=''): return Flask('made')")
    with pytest.raises(NoAppException, match=reason):
        ScriptInfo(f"m2:{text}").load_app()


@pytest.mark.parametrize("name", ["ap", "number"])
def test_a_wrong_name_is_answered_with_the_names_there_are(project, name):
    project("m4.py", IMPORT + "number = 1\napp = Flask('one')\nadmin = Flask('two')")
    with pytest.raises(NoAppException, match="There is: m4:admin, m4:app"):
        ScriptInfo(f"m4:{name}").load_app()


def test_a_module_that_is_missing_is_told_from_one_whose_import_fails(project):
    project("m3.py", "import nothing_of_this_name")
    assert locate_app("nowhere_at_all", None, raise_if_not_found=False) is None
    prepare_import("m3.py")
    with pytest.raises(NoAppException, match="nothing_of_this_name"):
        locate_app("m3", None, raise_if_not_found=False)


@pytest.mark.parametrize("name", ["wsgi.py", "app.py"])
def test_without_a_name_wsgi_and_app_are_tried(project, name):
    project(name, IMPORT + "app = Flask('found')")
    assert ScriptInfo().load_app().name == "found"


def test_without_any_application_it_says_what_can_be_set(project):
    with pytest.raises(NoAppException, match="DEMIJOHN_APP.*FLASK_APP"):
        ScriptInfo().load_app()


@pytest.mark.parametrize(
    ("path", "name", "root"),
    [
        ("one", "one", ""),
        ("one.py", "one", ""),
        ("deep/one.py", "one", "deep"),
        ("pack/__init__.py", "pack", ""),
        ("pack/inner/mod.py", "pack.inner.mod", ""),
        ("a.b.c", "a.b.c", ""),
    ],
)
def test_a_path_becomes_a_dotted_name_below_the_first_directory_that_is_no_package(
    project, tmp_path, path, name, root
):
    project("pack/__init__.py")
    project("pack/inner/__init__.py")
    assert prepare_import(path) == name
    assert sys.path[0] == os.path.realpath(tmp_path / root).rstrip(os.sep)


def test_the_application_is_made_once_and_gets_the_debug_flag(monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    info = ScriptInfo(create_app=factory)
    assert info.load_app() is info.load_app()
    assert info.load_app().debug is True


@pytest.mark.parametrize(
    ("imported", "said"),
    [
        ("flask", "demijohn run --compat"),
        ("flask.views", "demijohn run --compat"),
        ("flask_login", "demijohn run --compat"),
        ("flask_no_such_thing", "flask_no_such_thing has to be installed"),
        ("no_such_thing", "Install what brings no_such_thing"),
    ],
)
def test_a_missing_import_of_the_application_comes_with_what_to_do(imported, said, tmp_path, monkeypatch):
    name = f"needs_{imported.replace('.', '_')}"
    (tmp_path / f"{name}.py").write_text(f"import {imported}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NoAppException) as raised:
        locate_app(name, None)
    assert "ModuleNotFoundError" in raised.value.message
    assert said in raised.value.message
