"""The languages of the cellar: found by session and browser, chosen at the foot of each page."""

from __future__ import annotations

from demijohn import Blueprint, Flask, abort, redirect, url_for
from demijohn.ext.i18n import Babel, set_locale
from demijohn.typing import ResponseReturnValue

from cellar.web.csrf import csrf

babel = Babel()
blueprint = Blueprint("languages", __name__)
# The core refuses other sites' pages already; so a page that anybody sees need not have a token that differs each time.
csrf.exempt(blueprint)


@blueprint.post("/language/<code>")
def choose(code: str) -> ResponseReturnValue:
    """Keep a language for this browser."""
    try:
        set_locale(code)
    except ValueError:
        abort(404)
    return redirect(url_for("racks.overview"), 303)


def init_app(app: Flask) -> None:
    """Translate `app`; the catalogues are in `cellar/translations`."""
    app.config.setdefault("BABEL_LOCALES", ["en", "es", "de", "ar"])
    app.config.setdefault("BABEL_LOCALE_ORDER", ["session", "header"])
    babel.init_app(app)
    app.register_blueprint(blueprint)
    app.add_template_global(lambda: babel.locales, "locales")
