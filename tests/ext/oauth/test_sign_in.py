"""Who somebody is, as a provider says, and their login here."""

from __future__ import annotations

import pytest
from tests.ext.oauth.conftest import SECRET, Browser

from demijohn import Flask
from demijohn.ext.login import LoginManager, UserMixin, current_user, login_required, login_user
from demijohn.ext.oauth import (
    Identity,
    OAuth2ConsumerBlueprint,
    make_dexcom_blueprint,
    make_github_blueprint,
    make_oidc_blueprint,
    sign_in,
)  # fmt: skip


class User(UserMixin):
    def __init__(self, who):
        self.id, self.who = who.key, who


@pytest.fixture
def seen():
    return {}


@pytest.fixture
def make_site(provider, seen):
    """An application whose users are those that the provider names, found by sync or async code."""

    def make(blueprint, find=None):
        app = Flask("site", static_folder=None)
        app.secret_key = SECRET
        login = LoginManager(app)
        login.user_loader(seen.get)
        app.register_blueprint(blueprint, url_prefix="/login")

        def known(who):
            return seen.setdefault(who.key, User(who))

        sign_in(blueprint, find or known, login_user)

        @app.get("/")
        @login_required
        def index():
            return current_user.id

        return Browser(app.test_client())

    return make


@pytest.fixture
def house(provider):
    return make_oidc_blueprint(
        "house", issuer=provider.issuer, client_id="cellar", client_secret="cellar-secret"
    )


def at_the_provider(blueprint, provider):
    """A blueprint whose provider is ours, on loopback."""
    at = provider.issuer
    blueprint.base_url = at
    blueprint.authorization_url, blueprint.token_url = f"{at}/authorize", f"{at}/token"
    blueprint.client_id, blueprint.client_secret = "cellar", "cellar-secret"
    return blueprint


def test_openid_connect_logs_in(make_site, house, seen):
    browser = make_site(house)
    assert browser.client.get("/").status_code == 401
    browser.sign_in()
    assert browser.client.get("/").text == "house:id-of-ada"
    who = seen["house:id-of-ada"].who
    assert (who.provider, who.subject, who.email) == ("house", "id-of-ada", "ada@cellar.example")
    assert who.claims["sub"] == "id-of-ada"
    assert "ada@cellar.example" not in str(who.claims.get("nonce"))


def test_an_address_that_is_not_verified_is_none(make_site, house, provider, seen):
    provider.users["ada"]["email_verified"] = False
    make_site(house).sign_in()
    assert seen["house:id-of-ada"].who.email is None
    provider.users["ada"]["email_verified"] = (
        "true"  # what some providers send for it, and which says nothing
    )
    make_site(house).sign_in()
    assert seen["house:id-of-ada"].who.email is None


def test_userinfo_fills_in_what_the_id_token_leaves_out(make_site, house, provider, seen):
    usual = provider.claims
    provider.claims = lambda *args: {k: v for k, v in usual(*args).items() if not k.startswith("email")}
    make_site(house).sign_in()
    assert seen["house:id-of-ada"].who.email == "ada@cellar.example"


def test_github_logs_in_with_the_verified_primary_address(make_site, provider, seen):
    browser = make_site(at_the_provider(make_github_blueprint(), provider))
    browser.sign_in("/login/github")
    who = seen["github:42"].who
    assert (who.subject, who.email, who.name) == ("42", "ada@cellar.example", "Ada")
    provider.users["ada"]["email_verified"] = False
    seen.clear()
    browser.sign_in("/login/github")
    assert seen["github:42"].who.email is None


def test_who_may_not_come_in_gets_403_and_no_token(make_site, house):
    browser = make_site(house, find=lambda who: None)
    assert browser.sign_in().status_code == 403
    assert browser.client.get("/").status_code == 401
    with browser.client.session_transaction() as kept:
        assert "house_oauth_token" not in kept


def test_a_provider_that_does_not_say_who_it_is_is_an_error_page(make_site, provider):
    blueprint = at_the_provider(make_github_blueprint(identity=lambda session: {"name": "?"}), provider)
    answer = make_site(blueprint).sign_in("/login/github")
    assert answer.status_code == 502
    assert "does not say who somebody is" in answer.text


def test_an_async_find_is_awaited(make_site, house, seen):
    async def find(who):
        return seen.setdefault(who.key, User(who))

    browser = make_site(house, find)
    browser.sign_in()
    assert browser.client.get("/").text == "house:id-of-ada"


def test_any_blueprint_with_an_identity_of_its_own(make_site, provider, seen):
    def identity(session):
        found = session.get("/user").json()
        return Identity("mine", str(found["id"]), name=found["login"])

    mine = OAuth2ConsumerBlueprint("mine", __name__, identity=identity)
    browser = make_site(at_the_provider(mine, provider))
    browser.sign_in("/login/mine")
    assert browser.client.get("/").text == "mine:42"


def test_a_provider_of_which_nobody_knows_how_it_names_people_is_refused_at_once():
    for blueprint in (make_dexcom_blueprint(), OAuth2ConsumerBlueprint("mine", __name__)):
        with pytest.raises(ValueError, match="identity="):
            sign_in(blueprint, print, print)


def test_an_identity_shows_no_claims():
    assert "secret" not in repr(Identity("house", "7", claims={"at_hash": "secret"}))
