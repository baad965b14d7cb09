"""Read by type checkers, not run: what they infer of texts, locales, dates and numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import assert_type

from babel import Locale

from demijohn import Flask, flash
from demijohn.ext.i18n import (
    Babel,
    Domain,
    force_locale,
    format_currency,
    format_date,
    format_datetime,
    format_decimal,
    format_timedelta,
    get_locale,
    get_timezone,
    gettext,
    lazy_gettext,
    lazy_ngettext,
    ngettext,
    npgettext,
    pgettext,
    refresh,
    set_locale,
    text_direction,
    to_user_timezone,
    to_utc,
)
from demijohn.extend import Filled, translate


def choose() -> str | None:
    return "es"


app = Flask(__name__)
babel = Babel(app, locale_selector=choose, timezone_selector=lambda: "Europe/Madrid", user_locale=choose)
shop = Domain("folder", "shop")
NAME = lazy_gettext("Name %(number)s", number=1)
BOTTLES = lazy_ngettext("%(num)d bottle", "%(num)d bottles", 3)


@app.post("/language/<code>")
def language(code: str) -> str:
    set_locale(code)
    refresh()
    assert_type(get_locale(), Locale | None)
    assert_type(get_timezone(), tzinfo | None)
    assert_type(text_direction(), str)
    assert_type(gettext("Hello %(name)s!", name="Ada"), str)
    assert_type(ngettext("%(num)d bottle", "%(num)d bottles", 3), str)
    assert_type(pgettext("month", "May"), str)
    assert_type(npgettext("wine", "one", "many", 2), str)
    assert_type(shop.gettext("Cork"), str)
    flash(NAME)
    return f"{NAME} {BOTTLES}" + str(NAME % {"number": 2})


with force_locale("de"):
    assert_type(format_date(date(2026, 12, 1), "long"), str)
    assert_type(format_datetime(datetime.now(UTC)), str)
    assert_type(format_timedelta(timedelta(days=3), add_direction=True), str)
    assert_type(format_decimal(Decimal("1.5")), str)
    assert_type(format_currency(12.5, "EUR"), str)
assert_type(to_utc(to_user_timezone(datetime.now(UTC))), datetime)
assert_type(babel.list_translations(), list[Locale])
assert_type(translate("Cork"), str)
assert_type(Filled("More than %(limit)s bytes.", limit=7).source, str)
