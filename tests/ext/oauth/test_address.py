"""The address that a provider sends browsers back to, and the command that shows it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from tests.ext.oauth.conftest import SECRET, fields

from demijohn import Flask
from demijohn.cli import FlaskGroup
from demijohn.ext.oauth import (
    MemoryStorage,
    make_authentiq_blueprint,
    make_github_blueprint,
    make_oidc_blueprint,
)


def make_app(blueprint=None, **config):
    app = Flask("relying", static_folder=None)
    app.secret_key = SECRET
    app.config.update({"GITHUB_OAUTH_CLIENT_ID": "a", "GITHUB_OAUTH_CLIENT_SECRET": "b", **config})
    app.register_blueprint(blueprint or make_github_blueprint(), url_prefix="/login")
    return app


def address(app, **request):
    answer = app.test_client().get("/login/github", **request)
    return fields(answer.location)["redirect_uri"] if answer.status_code == 302 else answer


def test_https_and_loopback_are_taken_from_the_request():
    assert address(make_app(), base_url="https://a.example") == "https://a.example/login/github/authorized"
    for host in ("localhost:5000", "127.0.0.1:5000", "[::1]:5000", "cellar.localhost"):
        assert address(make_app(), base_url=f"http://{host}") == f"http://{host}/login/github/authorized"


@pytest.mark.parametrize("variable", ["OAUTHLIB_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT"])
def test_plain_http_is_refused_with_both_settings_whatever_the_environment_says(monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    answer = address(make_app(), base_url="http://a.example")
    assert answer.status_code == 500
    assert "TRUSTED_PROXIES" in answer.text
    assert "PREFERRED_URL_SCHEME" in answer.text


@pytest.mark.parametrize(
    "host", ["127.0.0.1.evil.example", "localhost.evil.example", "127.evil", "10.0.0.1", "128.0.0.1"]
)
def test_what_only_looks_like_this_machine_is_refused(host):
    assert address(make_app(), base_url=f"http://{host}").status_code == 500


def test_the_settings_make_it_https():
    app = make_app(PREFERRED_URL_SCHEME="https")
    assert address(app, base_url="http://a.example") == "https://a.example/login/github/authorized"
    app = make_app(TRUSTED_PROXIES=1)
    sent = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"}
    assert address(app, base_url="http://inner", headers=sent) == "https://a.example/login/github/authorized"
    assert address(make_app(), base_url="http://inner", headers=sent).status_code == 500


def test_an_address_that_is_given_goes_before_all():
    given = "https://www.example/come/back"
    assert address(make_app(make_github_blueprint(redirect_uri=given)), base_url="http://inner") == given


def test_a_provider_reached_by_plain_http_is_refused():
    blueprint = make_github_blueprint()
    blueprint.token_url = "http://id.example/token"
    answer = address(make_app(blueprint), base_url="https://a.example")
    assert answer.status_code == 500
    assert "has an address of plain HTTP" in answer.text


def test_a_client_without_an_id_or_secret_is_told_which_settings():
    app = make_app()
    app.config.update(GITHUB_OAUTH_CLIENT_ID=None, GITHUB_OAUTH_CLIENT_SECRET=None)
    answer = address(app)
    assert answer.status_code == 500
    assert "GITHUB_OAUTH_CLIENT_ID" in answer.text
    assert "GITHUB_OAUTH_CLIENT_SECRET" in answer.text


def check(app):
    return app.test_cli_runner().invoke(args=["oauth", "check"])


def test_the_check_prints_each_blueprint_with_its_address():
    app = make_app(SERVER_NAME="a.example", PREFERRED_URL_SCHEME="https")
    done = check(app)
    assert (done.exit_code, done.output) == (0, "github  https://a.example/login/github/authorized\n")


def test_the_check_finds_what_is_wrong(provider):
    app = make_app(
        make_github_blueprint(scope="user:email,everything"),
        SERVER_NAME="a.example",
        GITHUB_OAUTH_CLIENT_ID="",
    )
    away = make_oidc_blueprint("away", issuer="http://127.0.0.1:1", client_id="a", client_secret="b")
    other = make_oidc_blueprint("other", issuer=provider.issuer + "/", client_id="a", client_secret="b")
    house = make_oidc_blueprint(
        "house", issuer=provider.issuer, client_id="a", client_secret="b", scope="openid wine"
    )
    for blueprint in (away, other, house, make_authentiq_blueprint("a", "b")):
        app.register_blueprint(blueprint, url_prefix="/login")
    done = check(app)
    assert done.exit_code == 1
    for said in (
        "There is no client_id: set GITHUB_OAUTH_CLIENT_ID.", "plain HTTP", "PREFERRED_URL_SCHEME", "'everything'",
        "ConnectionError", "they have to be the same", "'wine'", "Authentiq cannot be used any more.",
    ):  # fmt: skip
        assert said in done.output, said
    assert "'user:email'" not in done.output
    assert "'openid'" not in done.output


def test_demijohn_check_warns_of_a_token_that_everybody_shares():
    app = make_app(make_github_blueprint(storage=MemoryStorage()))
    command = FlaskGroup("relying", create_app=lambda: app, set_debug_flag=False)
    done = CliRunner().invoke(command, ["check", "--deploy"])
    assert "keeps its token in memory, for everybody" in done.output


def test_an_application_with_blueprints_takes_the_short_way():
    """A request that signs nobody in pays nothing: there are no hooks."""
    app = make_app()
    assert not app.before_request_funcs
    assert not app.teardown_request_funcs
    assert not app.teardown_appcontext_funcs
