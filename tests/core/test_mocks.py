"""Whatever can be called can be registered: a mock, and an object that answers with itself to every name."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest

from demijohn import Flask, after_this_request
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


@pytest.fixture(params=[Flask, compat.Flask], ids=["native", "compat"])
def app(request):
    made = request.param(__name__)

    @made.route("/<word>")
    def view(word):
        return word

    return made


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("make", [mock, Echo])
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
