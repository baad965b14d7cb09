"""Who may send what: `demijohn.ext.forms` asks browsers and tokens, and this says of whom it need not.

Templates write the token with `csrf_token()`; scripts send it as `X-CSRF-Token`. Programs need none, as nobody
else's browser can lend them its authority: a bearer token is never added by a browser itself, and without
somebody signed in, the API does no more than it would for anyone.
"""

from __future__ import annotations

from demijohn import Flask, abort, request
from demijohn.ext.forms import CSRFError, CSRFProtect
from demijohn.ext.i18n import gettext

from cellar.web.visitor import login

csrf = CSRFProtect()


def bears_token() -> bool:
    """Whether the request proves itself by an `Authorization: Bearer` header."""
    return request.authorization is not None and request.authorization.type == "bearer"


def check() -> None:
    """Refuse a request that would change something and may come from a page of another site."""
    if bears_token() or (request.blueprint == "api" and login.get_user() is None):
        return
    try:
        csrf.protect(apply_exemptions=True)
    except CSRFError:
        abort(
            403,
            gettext(
                "This form is out of date or came from elsewhere. Go back, reload the page and try again."
            ),
        )


def init_app(app: Flask) -> None:
    """Check every request of `app`, and offer `csrf_token()` to its templates."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # `check` does it, which knows programs
    csrf.init_app(app)
    app.before_request(check)
