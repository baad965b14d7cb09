"""The years of a bottle must follow one another, whoever says them: a form or a program."""

from __future__ import annotations

from datetime import date

from demijohn.ext.i18n import gettext


def wrong_year(vintage: int | None, start: int | None, end: int | None) -> tuple[str, str] | None:
    """The first field that cannot be, and why; `None` when all can."""
    if vintage and vintage > date.today().year:
        return "vintage", gettext("These grapes are not picked yet.")
    if vintage and start and start < vintage:
        return "drink_from", gettext("This is before the vintage, %(year)s.", year=vintage)
    if end and end < (start or vintage or 0):
        return "drink_until", gettext("This is before %(year)s.", year=start or vintage)
    return None
