"""A value that is no answer names the function that returned it."""

from __future__ import annotations

import pytest

from demijohn import Blueprint, Flask, after_this_request
from demijohn.views import MethodView

PROTOCOLS = ["wsgi", "asgi", "rsgi"]
NO_ANSWERS = {"a number": 5, "a tuple": ("a", 1, 2, 3)}


def as_kind(kind, function):
    """The function, or an async one that does the same under its name."""
    if kind == "sync":
        return function

    async def other(*args):
        return function(*args)

    other.__qualname__, other.__name__ = function.__qualname__, function.__name__
    return other


def answered(app, protocol, path="/"):
    with pytest.raises(TypeError) as raised:
        app.test_client(protocol=protocol).get(path)
    return "\n".join([str(raised.value), *getattr(raised.value, "__notes__", ())])


@pytest.fixture
def app():
    app = Flask("x")
    app.testing = True

    @app.get("/plain")
    def plain():
        return "plain"

    return app


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("value", [*NO_ANSWERS.values(), None], ids=[*NO_ANSWERS, "nothing"])
def test_a_view(value, kind, protocol, app):
    def view():
        return value

    app.get("/")(as_kind(kind, view))
    shop = Blueprint("shop", "x")
    shop.get("/in", endpoint="inside")(as_kind(kind, view))
    app.register_blueprint(shop)
    assert "view function for" in answered(app, protocol)
    assert "'shop.inside'" in answered(app, protocol, "/in")


def test_a_method_of_a_view_class(app):
    class Five(MethodView):
        def get(self):
            return 5

    app.add_url_rule("/", view_func=Five.as_view("five"))
    assert "view function for 'five'" in answered(app, "wsgi")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("value", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_before_request_function_is_named_and_not_the_view(value, kind, protocol, app):
    def look_first():
        return value

    app.before_request(as_kind(kind, look_first))
    said = answered(app, protocol, "/plain")
    assert "look_first" in said
    assert "view function" not in said


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("value", [*NO_ANSWERS.values(), None], ids=[*NO_ANSWERS, "nothing"])
def test_an_error_handler_is_named_and_not_the_view(value, kind, protocol, app):
    def say_sorry(e):
        return value

    handler = as_kind(kind, say_sorry)
    app.register_error_handler(404, handler)
    app.register_error_handler(ValueError, handler)

    @app.get("/broken")
    def broken():
        raise ValueError

    for path in "/missing", "/broken":
        said = answered(app, protocol, path)
        assert "error handler" in said
        assert "say_sorry" in said
        assert "view function" not in said


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_after_request_function_that_returns_nothing_is_named(kind, protocol, app):
    def forget(response):
        pass

    @app.after_request
    def next_one(response):
        response.headers["X-Next"] = "1"
        return response

    app.after_request(as_kind(kind, forget))
    said = answered(app, protocol, "/plain")
    assert "after_request function" in said
    assert "forget" in said


def test_what_is_to_run_after_this_request_is_named(app):
    @app.get("/")
    def view():
        @after_this_request
        def forget(response):
            pass

        return "a"

    assert "forget" in answered(app, "wsgi")


def test_an_after_request_function_that_returns_something_else_is_told_of(app):
    app.after_request(lambda response: "text")
    assert "An after_request function returned a str" in answered(app, "wsgi", "/plain")


def test_it_does_not_keep_an_error_page_from_being_sent(app):
    app.testing = False
    app.after_request(lambda response: 5)

    @app.get("/")
    def view():
        raise ValueError

    assert app.test_client().get("/").status_code == 500


def test_an_empty_text_of_a_before_request_function_is_an_answer(app):
    app.before_request(lambda: "")
    assert app.test_client().get("/plain").text == ""
