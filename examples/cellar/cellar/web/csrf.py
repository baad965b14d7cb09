"""Who may send what: `demijohn.ext.forms` asks browsers and tokens, in every view that is not exempt.

Templates write the token with `csrf_token()`; scripts send it as `X-CSRF-Token`. The API is exempt: it looks at no
cookie, so nobody else's browser can lend a program its authority.
"""

from __future__ import annotations

from demijohn import Flask
from demijohn.ext.forms import CSRFError, CSRFProtect
from demijohn.ext.i18n import gettext
from demijohn.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from cellar.web.errors import page

csrf = CSRFProtect()


def refuse(error: CSRFError) -> ResponseReturnValue:
    """What a visitor gets whose form cannot be taken."""
    return page(
        Forbidden(
            gettext(
                "This form is out of date or came from elsewhere. Go back, reload the page and try again."
            )
        )
    )


def init_app(app: Flask) -> None:
    """Check every request of `app`, and offer `csrf_token()` to its templates."""
    csrf.init_app(app)
    app.register_error_handler(CSRFError, refuse)
