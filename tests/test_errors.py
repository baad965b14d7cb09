from __future__ import annotations

import pytest
from jinja2 import DictLoader, FileSystemLoader
from werkzeug.datastructures import ImmutableMultiDict

from demijohn import Blueprint, Flask, errors, request
from demijohn.errors import DebugFilesKeyError, FormDataRoutingRedirect, explain_template_loading_attempts


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (errors.LateRegistration, AssertionError),
        (errors.MissingSecretKey, RuntimeError),
        (errors.AsyncUnsupported, RuntimeError),
        (errors.WrongSetting, TypeError),
        (errors.JSONRefused, ValueError),
        (errors.UnexpectedUnicodeError, UnicodeError),
        (errors.UnexpectedUnicodeError, AssertionError),
        (errors.DebugFilesKeyError, KeyError),
        (errors.FormDataRoutingRedirect, AssertionError),
    ],
)
def test_except_clauses_written_for_flask_catch(error, base):
    assert issubclass(error, base)


def test_late_registration_says_what_where_and_what_to_do():
    on_app = str(errors.LateRegistration.on_application("route"))
    assert "'route' can no longer be called on the application" in on_app
    assert "Call it where the application is created" in on_app
    on_blueprint = str(errors.LateRegistration.on_blueprint("route", "shop"))
    assert "'route' can no longer be called on the blueprint 'shop'" in on_blueprint
    assert "before app.register_blueprint()" in on_blueprint


@pytest.fixture
def app():
    return Flask("demijohn", root_path="/")


def test_a_file_that_the_form_did_not_send_is_explained_in_debug_mode(app):
    app.debug = True
    with app.test_request_context("/", method="POST", data={"photo": "cat.png"}):
        with pytest.raises(DebugFilesKeyError) as caught:
            request.files["photo"]
    message = str(caught.value)
    assert "You tried to access the file 'photo'" in message
    assert "'application/x-www-form-urlencoded' instead of 'multipart/form-data'" in message
    assert "This was submitted: 'cat.png'" in message


def test_a_file_nobody_mentioned_is_an_ordinary_key_error(app):
    app.debug = True
    with app.test_request_context("/", method="POST", data={"photo": "cat.png"}):
        with pytest.raises(KeyError) as caught:
            request.files["other"]
        assert not isinstance(caught.value, DebugFilesKeyError)
        assert isinstance(request.files, ImmutableMultiDict)


def test_outside_of_debug_mode_nothing_is_explained(app):
    with app.test_request_context("/", method="POST", data={"photo": "cat.png"}):
        with pytest.raises(KeyError) as caught:
            request.files["photo"]
        assert not isinstance(caught.value, DebugFilesKeyError)


def test_a_redirect_that_would_lose_the_body_names_the_right_address(app):
    app.add_url_rule("/save/", view_func=lambda: "", methods=["GET", "POST"])
    with app.test_request_context("/save", method="POST"):
        message = str(FormDataRoutingRedirect(request))
    assert "A request was sent to 'http://localhost/save'" in message
    assert "canonical URL 'http://localhost/save/'" in message
    assert "trailing slash" in message


def explain(app, caplog, attempts, blueprint=None):
    with caplog.at_level("INFO", app.name):
        explain_template_loading_attempts(app, "page.html", attempts, blueprint)
    return caplog.messages[-1]


def test_a_missing_template_lists_who_was_asked(app, caplog):
    shop = Blueprint("shop", "shop_module", root_path="/")
    attempts = [(FileSystemLoader("/tpl"), app, None), (DictLoader({}), shop, None)]
    text = explain(app, caplog, attempts, "shop")
    assert "Locating template 'page.html'" in text
    assert "1: trying loader of application 'demijohn'" in text
    assert "2: trying loader of blueprint 'shop' (shop_module)" in text
    assert "class: jinja2.loaders.FileSystemLoader" in text
    assert "  - /tpl" in text
    assert "-> no match" in text
    assert "Error: the template could not be found." in text
    assert "belongs to the blueprint 'shop'" in text


def test_a_template_found_twice_is_a_warning(app, caplog):
    found = ("text", "/a/page.html", None)
    text = explain(app, caplog, [(DictLoader({}), app, found), (DictLoader({}), app, found)])
    assert "found ('/a/page.html')" in text
    assert "Warning: multiple loaders returned a match" in text


def test_a_template_found_once_is_neither(app, caplog):
    text = explain(app, caplog, [(DictLoader({}), app, ("text", None, None))], "shop")
    assert "found ('<string>')" in text
    assert "Warning" not in text
    assert "Error" not in text
