"""Who is asking: how a person is found, kept signed in, and asked to sign in.

The loaders are `async def`, so that neither a view nor the event loop ever waits for the database; `def`
views find `login.current_user` just as well.
"""

from __future__ import annotations

from demijohn import Flask, Request, current_app, flash, redirect, request, session, url_for
from demijohn.ext.i18n import gettext
from demijohn.ext.login import LoginManager, login_url, login_user, logout_user
from demijohn.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from cellar.store.database import db
from cellar.store.models import Person

login = LoginManager[Person]()


@login.user_loader
async def find_person(number: str) -> Person | None:
    """The person whose number is in the session or in the cookie that remembers a browser."""
    return await db.async_session.get(Person, int(number))


@login.request_loader
async def find_person_by_token(asked: Request) -> Person | None:
    """The person whose token a program sends as `Authorization: Bearer`; only the API takes one."""
    number = read_token(asked) if asked.blueprint == "api" else None
    return None if number is None else await db.async_session.get(Person, number)


def make_token(person: Person) -> str:
    """A token for a program that acts for `person`."""
    return _signer().dumps(person.id)


def read_token(asked: Request) -> int | None:
    """The person's number in the bearer token of a request; `None` for none, or one that is not good."""
    sent = asked.authorization
    if sent is None or sent.type != "bearer":
        return None
    try:
        number = _signer().loads(sent.token or "", max_age=current_app.config["TOKEN_LIFETIME"])
    except BadSignature:
        return None
    return number if isinstance(number, int) else None


def unauthorized(words: str) -> Unauthorized:
    """A 401 that says how programs show who they are."""
    return Unauthorized(words, www_authenticate=WWWAuthenticate("bearer", {"realm": "cellar"}))


@login.unauthorized_handler
def ask_to_sign_in() -> ResponseReturnValue:
    """What strangers get from a view under `@login_required`."""
    if request.blueprint == "api":
        raise unauthorized(gettext("Sign in, or send a token from /api/token as Authorization: Bearer."))
    flash(gettext("Sign in first, then go on where you were."), "note")
    if request.method == "GET":
        return redirect(login_url("auth.sign_in", next_url=request.url))
    return redirect(url_for("auth.sign_in"))


def sign_in(person: Person, remember: bool) -> None:
    """Start a new session for `person`; of the old one only the language lives on, not its CSRF token."""
    _clear()
    login_user(person, remember=remember)


def sign_out() -> None:
    """Forget who was here, in the session and in the browser."""
    _clear()
    logout_user()


def _clear() -> None:
    language = session.get("_locale")
    session.clear()
    if language is not None:
        session["_locale"] = language


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="cellar api token")


def init_app(app: Flask) -> None:
    """Let views, sockets and templates of `app` know `current_user`."""
    login.init_app(app)
