"""What is a plain attribute on Flask's contexts can be patched, and the very same object comes back."""

from __future__ import annotations

from unittest import mock

import pytest

from demijohn import Flask, app_ctx, g, request, request_ctx
from demijohn.compat import app as compat
from demijohn.compat.contexts import request_ctx as compat_request_ctx

NAMES = ["request", "url_adapter", "flashes", "g"]


@pytest.fixture(params=[Flask, compat.Flask], ids=["native", "compat"])
def app(request):
    made = request.param(__name__)
    made.config["SECRET_KEY"] = "a-key-for-the-tests-of-patches-0123456789"
    return made


@pytest.mark.parametrize("name", NAMES)
def test_a_patched_attribute_of_a_requests_context_comes_back(app, name):
    proxy = request_ctx if type(app) is Flask else compat_request_ctx
    seen = []

    @app.route("/<word>")
    def view(word):
        before = getattr(proxy, name)
        with mock.patch.object(proxy, name) as put:
            seen.append(getattr(proxy, name) is put)
        seen.append(getattr(proxy, name) is before)
        return f"{request.url_rule.rule} {request.view_args}"

    assert app.test_client().get("/a").text == "/<word> {'word': 'a'}"
    assert seen == [True, True]


@pytest.mark.parametrize("name", ["url_adapter", "g"])
def test_a_patched_attribute_of_an_applications_context_comes_back(app, name):
    app.config["SERVER_NAME"] = "example.com"
    with app.app_context():
        before = getattr(app_ctx, name)
        with mock.patch.object(app_ctx, name) as put:
            assert getattr(app_ctx, name) is put
        assert getattr(app_ctx, name) is before


def test_the_g_of_an_application_context_within_a_request_comes_back(app):
    with app.test_request_context("/"), app.app_context():
        g.word = "kept"
        with mock.patch.object(app_ctx, "g") as put:
            put.word = "other"
            assert g.word == "other"
        assert g.word == "kept"


@pytest.mark.parametrize("name", NAMES)
def test_what_was_deleted_is_gone_until_it_is_set(app, name):
    with app.test_request_context("/") as context:
        before = getattr(context, name)
        delattr(context, name)
        assert not hasattr(context, name)
        pytest.raises(AttributeError, delattr, context, name)
        setattr(context, name, before)
        assert getattr(context, name) is before
