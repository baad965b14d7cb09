"""Environments with the application's defaults."""

from __future__ import annotations

import pytest

from demijohn import Flask
from demijohn.json.provider import DefaultJSONProvider
from demijohn.testing import EnvironBuilder


@pytest.fixture
def app():
    return Flask(__name__)


def request_of(app, *args, **kwargs):
    return EnvironBuilder(app, *args, **kwargs).get_request()


def test_the_defaults_are_localhost_over_http(app):
    assert request_of(app, "/path").url == "http://localhost/path"


def test_host_scheme_and_root_come_from_the_configuration(app):
    app.config.update(SERVER_NAME="own.example:8443", PREFERRED_URL_SCHEME="https", APPLICATION_ROOT="/root")
    made = request_of(app, "/path?x=1")
    assert made.url == "https://own.example:8443/root/path?x=1"
    assert made.root_path == "/root"


def test_a_subdomain_goes_before_the_server_name(app):
    app.config["SERVER_NAME"] = "own.example"
    assert request_of(app, "/", subdomain="shop", url_scheme="https").url == "https://shop.own.example/"


def test_a_whole_url_wins_over_the_configuration(app):
    app.config.update(SERVER_NAME="own.example", PREFERRED_URL_SCHEME="https")
    assert request_of(app, "http://other.example:81/path?x=1").url == "http://other.example:81/path?x=1"


def test_base_url_is_taken_as_it_is(app):
    assert (
        request_of(app, "/path", base_url="https://own.example/root").url == "https://own.example/root/path"
    )


@pytest.mark.parametrize("also", [{"subdomain": "shop"}, {"url_scheme": "https"}])
def test_base_url_beside_what_it_already_says_is_refused(app, also):
    with pytest.raises(ValueError, match="base_url"):
        EnvironBuilder(app, "/", base_url="http://own.example", **also)


def test_json_is_written_by_the_applications_provider(app):
    class Provider(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return '"from the provider"'

    app.json = Provider(app)
    made = request_of(app, "/", json={})
    assert (made.data, made.mimetype) == (b'"from the provider"', "application/json")
