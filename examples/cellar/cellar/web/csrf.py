"""A token in the session that every form must bring back (OWASP's synchronizer token).

Templates write it with `csrf_token()`; scripts send it as `X-CSRF-Token`. Programs need none, as nobody
else's browser can lend them its authority: a bearer token is never added by a browser itself, and without
somebody signed in, the API does no more than it would for anyone.
"""

from __future__ import annotations

import secrets
from hmac import compare_digest

from demijohn import Flask, abort, request, session

from cellar.web.visitor import login

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def token() -> str:
    """This session's token, made when first asked for."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def bears_token() -> bool:
    """Whether the request proves itself by an `Authorization: Bearer` header."""
    return request.authorization is not None and request.authorization.type == "bearer"


def check() -> None:
    """Refuse a request that would change something and does not bring the session's token."""
    if request.url_rule is None or request.method in SAFE_METHODS or bears_token():
        return  # no rule: no view will run, and a 404 or 405 tells more
    if request.blueprint == "api" and login.get_user() is None:
        return
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not compare_digest(sent.encode(), str(session.get("csrf", "")).encode()) or not sent:
        abort(403, "This form is out of date or came from elsewhere. Go back, reload the page and try again.")


def init_app(app: Flask) -> None:
    """Check every request of `app`, and offer `csrf_token()` to its templates."""
    app.before_request(check)
    app.add_template_global(token, "csrf_token")
