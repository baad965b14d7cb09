"""Who is asking: the person in the session, the views only people may see, and where to go afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from demijohn import Flask, flash, g, redirect, request, session, url_for
from demijohn.typing import ResponseReturnValue

from cellar.store import people
from cellar.web.connection import connection

P = ParamSpec("P")

WITHOUT_PERSON = {"static", "bottles.photo", "healthz"}


def load() -> None:
    """Put the signed-in person, or `None`, in `g.person`."""
    g.person = None
    if request.endpoint in WITHOUT_PERSON:
        return  # Files are the same for all; leaving the session alone keeps them cacheable.
    number = session.get("person")
    if number is not None:
        g.person = people.get(connection(), number)


def current() -> people.Person | None:
    """The signed-in person, if there is one, even on a page shown because signing in failed."""
    person: people.Person | None = g.get("person")
    return person


def required() -> people.Person:
    """The signed-in person of a view under `signed_in`."""
    person = current()
    if person is None:
        raise RuntimeError("This view needs a person: put it under @signed_in.")
    return person


def sign_in(person: people.Person) -> None:
    """Start a new session for `person`; nothing of the old one, its CSRF token included, lives on."""
    session.clear()
    session["person"] = person.id
    session.permanent = True
    g.person = person


def signed_in(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let only people see `view`; others are asked to sign in and come back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current() is None:
            flash("Sign in first, then go on where you were.", "note")
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("auth.sign_in", next=back))
        return view(*args, **kwargs)

    return guarded


def local_path(target: str | None) -> str | None:
    """`target` when it is a path of this site, else `None`.

    Browsers read `\\` as `/` and drop tabs and line ends, so a path holding any of these is refused,
    as is `//host`, which names another site.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    return target if target.isprintable() and "\\" not in target else None


def init_app(app: Flask) -> None:
    """Load the person before every request of `app`, for views and templates."""
    app.before_request(load)
    app.context_processor(lambda: {"person": current()})
