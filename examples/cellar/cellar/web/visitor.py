"""Who is asking: how a person is found, kept signed in, and asked to sign in.

The loaders are `async def`, so that neither a view nor the event loop ever waits for the database; `def`
views find `login.current_user` just as well.
"""

from __future__ import annotations

from demijohn import Flask, flash, redirect, request, session, url_for
from demijohn.ext.i18n import gettext
from demijohn.ext.login import LoginManager, login_url, login_user, logout_user
from demijohn.typing import ResponseReturnValue

from cellar.store.database import db
from cellar.store.models import Person

login = LoginManager[Person]()


@login.user_loader
async def find_person(number: str) -> Person | None:
    """The person whose number is in the session or in the cookie that remembers a browser."""
    return await db.async_session.get(Person, int(number))


@login.unauthorized_handler
def ask_to_sign_in() -> ResponseReturnValue:
    """What strangers get from a view under `@login_required`."""
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


def init_app(app: Flask) -> None:
    """Let views, sockets and templates of `app` know `current_user`."""
    login.init_app(app)
