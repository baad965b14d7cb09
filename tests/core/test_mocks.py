"""Whatever can be called can be registered: a mock, and an object that answers with itself to every name."""

from __future__ import annotations

from unittest.mock import MagicMock, Mock

import pytest

from demijohn import Blueprint, Flask, after_this_request, request
from demijohn.compat import app as compat


class Echo:
    """As clients of remote calls and builders of queries are: every attribute is itself."""

    __name__ = "echo"

    def __init__(self, answer):
        self.__dict__["answer"] = answer

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        answer = self.__dict__["answer"]
        return answer(*args, **kwargs) if callable(answer) else answer


def mock(answer):
    return MagicMock(side_effect=answer) if callable(answer) else MagicMock(return_value=answer)


def plain_mock(answer):
    """One that cannot be iterated."""
    return Mock(side_effect=answer) if callable(answer) else Mock(return_value=answer)


@pytest.fixture(params=[Flask, compat.Flask], ids=["native", "compat"])
def app(request):
    made = request.param(__name__)

    @made.route("/<word>")
    def view(word):
        return word

    return made


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("make", [mock, plain_mock, Echo])
class TestRegistered:
    @pytest.mark.parametrize(
        "name",
        ["before_request", "teardown_request", "teardown_appcontext", "url_value_preprocessor"],
    )
    def test_as_a_hook(self, app, make, protocol, name):
        getattr(app, name)(make(None))
        assert app.test_client(protocol=protocol).get("/a").text == "a"

    def test_as_a_hook_that_answers(self, app, make, protocol):
        app.before_request(make("hook"))
        app.after_request(make(lambda response: response))
        assert app.test_client(protocol=protocol).get("/a").text == "hook"

    def test_as_an_error_handler(self, app, make, protocol):
        app.register_error_handler(404, make(("gone", 410)))
        assert app.test_client(protocol=protocol).get("/a/b").status_code == 410

    def test_for_one_response(self, app, make, protocol):
        app.before_request(lambda: after_this_request(make(lambda response: response)) and None)
        assert app.test_client(protocol=protocol).get("/a").text == "a"

    def test_as_a_view(self, app, make, protocol):
        app.add_url_rule("/m/m", "m", make("view"), methods=["GET"])
        assert app.test_client(protocol=protocol).get("/m/m").text == "view"

    def test_in_a_form_for_sync_code(self, app, make, protocol):
        assert app.ensure_sync(make(protocol))() == protocol

    def test_as_a_view_of_which_only_the_rule_is_said(self, app, make, protocol):
        """What it claims to have as `methods`, `required_methods` and `provide_automatic_options` is nothing."""
        app.add_url_rule("/m/m", "m", make("view"))
        blueprint = Blueprint("blueprint", __name__)
        blueprint.add_url_rule("/b/b", "b", make("view"))
        app.register_blueprint(blueprint)
        client = app.test_client(protocol=protocol)
        for path in "/m/m", "/b/b":
            assert client.get(path).text == "view"
            assert client.post(path).status_code == 405
            options = client.options(path)
            assert (options.text, options.headers["Allow"].count(",")) == ("", 2)

    def test_as_the_interface_of_sessions(self, app, make, protocol):
        app.session_interface = make(None)
        assert app.test_client(protocol=protocol).get("/a").text == "a"

    def test_as_what_templates_and_urls_ask(self, app, make, protocol):
        app.context_processor(make({"word": "template"}))
        app.url_defaults(make(None))
        app.add_template_global(make("global"), "said")
        app.add_template_filter(make("filter"), "said")

        @app.route("/t/t")
        def page():
            text = "{{ word }} {{ said() }} {{ word|said }} {{ url_for('view', word='b') }}"
            return app.jinja_env.from_string(text).render(word="template", url_for=app.url_for)

        assert app.test_client(protocol=protocol).get("/t/t").text == "template global filter /b"


@pytest.mark.parametrize("make", [mock, plain_mock, Echo])
def test_a_rule_that_a_test_puts_on_the_request_makes_no_stream_of_its_body(app, make):
    with app.test_request_context("/a", method="POST", data="body"):
        request.url_rule = make(None)
        assert type(request.stream).__name__ != "StreamedBody"


def test_a_view_may_name_one_method_that_it_requires(app):
    def view():
        return "view"

    view.required_methods = "POST"
    app.add_url_rule("/m/m", "m", view)
    assert app.test_client().post("/m/m").text == "view"
