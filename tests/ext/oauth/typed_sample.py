"""Read by type checkers, not run: what they infer of blueprints, sessions and identities."""

from __future__ import annotations

from typing import Any, assert_type

from requests import Response

from demijohn import Flask
from demijohn.ext.login import LoginManager, UserMixin, login_user
from demijohn.ext.oauth import (
    Identity,
    MemoryStorage,
    NullStorage,
    OAuth2ConsumerBlueprint,
    SessionStorage,
    TokenExpired,
    github,
    make_github_blueprint,
    make_google_blueprint,
    make_oidc_blueprint,
    oauth_authorized,
    oauth_error,
    sign_in,
)


class User(UserMixin):
    id: str
    key: str


app = Flask(__name__)
login = LoginManager[User](app)
house = make_oidc_blueprint(
    "house", issuer="https://id.example", client_id="cellar", client_secret="s", scope=["openid", "email"],
    redirect_to="index", storage=SessionStorage(),
)  # fmt: skip
hub = make_github_blueprint(client_id="shop", client_secret="s", scope="user:email", storage=NullStorage())
google = make_google_blueprint(offline=True, hosted_domain="cellar.example", storage=MemoryStorage())
app.register_blueprint(house, url_prefix="/login")


def find(who: Identity) -> User | None:
    assert_type(who.key, str)
    assert_type(who.email, str | None)
    assert_type(who.name, str | None)
    return None


def welcome(user: User) -> None:
    login_user(user)


sign_in(house, find, welcome)
sign_in(hub, find, login_user)


@oauth_authorized.connect_via(hub)
def told(blueprint: OAuth2ConsumerBlueprint, token: dict[str, Any]) -> bool:
    return False


@oauth_error.connect_via(hub)
def failed(blueprint: OAuth2ConsumerBlueprint, error: str, **more: Any) -> None:
    return None


@app.get("/me")
async def me() -> dict[str, Any]:
    try:
        answer = await house.session.get_async("/userinfo")
    except TokenExpired as error:
        assert_type(error.blueprint, str)
        return {}
    assert_type(house.revoke(), bool)
    assert_type(house.logout_url("/"), str)
    found: dict[str, Any] = answer.json()
    return found


@app.get("/")
def index() -> str:
    if not github.authorized:
        return ""
    answer: Response = github.get("/user")
    return answer.text if answer.ok else ""
