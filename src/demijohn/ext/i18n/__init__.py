"""An application in several languages: Flask-Babel's interface on Babel.

    app.config["BABEL_LOCALES"] = ["en", "es", "pt_BR", "zh_Hans", "ar"]
    babel = Babel(app, user_locale=lambda: getattr(current_user, "locale", None))

    @app.get("/<locale>/cellar")                # the locale of the URL; url_for fills it in
    def cellar():
        flash(gettext("Hello %(name)s!", name=current_user.name))
        return render_template("cellar.html", bottles=ngettext("%(num)d bottle", "%(num)d bottles", count()))

    @app.post("/language/<code>")
    def language(code):
        set_locale(code)                        # into the session; ValueError when it is not offered
        return redirect(url_for("cellar"))

    class BottleForm(FlaskForm):
        name = StringField(lazy_gettext("Name"))        # translated when it is shown

In templates: ``{{ _("Cellar") }}``, ``{% trans %}Hello {{ name }}!{% endtrans %}``, ``{{ bottle.laid|dateformat }}``,
``<html lang="{{ get_locale() }}" dir="{{ text_direction() }}">``.

The texts are collected and translated by commands: ``demijohn i18n extract``, ``init es``, ``update``, ``compile``,
``status``. A catalogue that cannot be used is a warning in the log, and the source text is shown.
"""

from __future__ import annotations

from typing import Any

from demijohn.extend import needs

with needs("i18n"):
    import babel

    from demijohn.ext.i18n.configuration import BabelConfiguration, get_babel
    from demijohn.ext.i18n.current import (
        force_locale, get_locale, get_timezone, refresh, set_locale, text_direction,
    )  # fmt: skip
    from demijohn.ext.i18n.domain import (
        Domain, get_domain, get_translations, gettext, lazy_gettext, lazy_ngettext, lazy_npgettext, lazy_pgettext,
        ngettext, npgettext, pgettext,
    )  # fmt: skip
    from demijohn.ext.i18n.extension import Babel
    from demijohn.ext.i18n.formats import (
        format_currency, format_date, format_datetime, format_decimal, format_number, format_percent,
        format_scientific, format_time, format_timedelta, to_user_timezone, to_utc,
    )  # fmt: skip
    from demijohn.ext.i18n.speaklater import LazyString

__all__ = [
    "Babel", "BabelConfiguration", "Domain", "LazyString", "force_locale", "format_currency", "format_date",
    "format_datetime", "format_decimal", "format_number", "format_percent", "format_scientific", "format_time",
    "format_timedelta", "get_babel", "get_domain", "get_locale", "get_timezone", "get_translations", "gettext",
    "lazy_gettext", "lazy_ngettext", "lazy_npgettext", "lazy_pgettext", "ngettext", "npgettext",
    "pgettext", "refresh", "set_locale", "text_direction", "to_user_timezone", "to_utc",
]  # fmt: skip

#: COMPAT: the shortcut that is imported from here, rather than named where it is used.
_ = gettext


def __getattr__(name: str) -> Any:
    # COMPAT: what tests replace in Babel they find by way of this module.
    if name in {"Locale", "dates", "numbers", "support"}:
        return getattr(babel, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
