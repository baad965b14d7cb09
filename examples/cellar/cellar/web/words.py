"""How templates say money, moments and drinking windows."""

from __future__ import annotations

from datetime import UTC, date, datetime

from demijohn import Flask, request, url_for
from demijohn.ext.i18n import format_currency, gettext, ngettext
from demijohn.ext.i18n import lazy_gettext as _

from cellar.store.models import Bottle
from cellar.store.refusals import NoneLeft, RackFull, Refusal

STEPS = [(60, "minute"), (60, "hour"), (24, "day"), (7, "week"), (52, "year")]
COLOURS = {
    "red": _("Red"),
    "white": _("White"),
    "rose": _("Rosé"),
    "sparkling": _("Sparkling"),
    "sweet": _("Sweet"),
}
SORTS = {
    "newest": _("Newest first"),
    "name": _("Name"),
    "vintage": _("Oldest vintage"),
    "window": _("Drink soonest"),
    "rating": _("Best rated"),
    "stock": _("Most in stock"),
}
WINDOWS = {
    "open": "",
    "early": _("Wait"),
    "ready": _("Ready"),
    "last": _("Drink soon"),
    "past": _("Past its best"),
}
VERBS = {
    "added": _("added"),
    "shelved": _("put away more"),
    "opened": _("opened"),
    "changed": _("corrected"),
    "removed": _("removed"),
    "built": _("built the rack"),
}


def money(cents: int) -> str:
    """1250 as `€12.50`, or as the visitor's language writes it: `12,50 €`."""
    return format_currency(cents / 100, "EUR")


def refusal(error: Refusal) -> str:
    """Why the cellar says no, in the visitor's language."""
    if isinstance(error, RackFull):
        return ngettext(
            "“%(rack)s” has %(num)d free place.",
            "“%(rack)s” has %(num)d free places.",
            error.free,
            rack=error.rack,
        )
    if isinstance(error, NoneLeft):
        return gettext("There is none left to open.")
    return gettext("There is a rack of this name already.")


def script_words() -> dict[str, object]:
    """What the page's script says."""
    return {
        "verbs": {verb: str(words) for verb, words in VERBS.items()},
        "free": gettext("Free"),
        "now": gettext("just now"),
        "taken": gettext("%(taken)s of %(size)s places taken"),
        "place": gettext("%(bottle)s · shelf %(shelf)s, place %(place)s"),
        "connected": gettext("Connected"),
        "off": gettext("Not connected. Trying again…"),
        "large": gettext("This picture has %(size)s MB; %(most)s fit."),
    }


def ago(moment: datetime, now: datetime | None = None) -> str:
    """A moment as `just now`, `1 hour ago`, `3 days ago`."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    number, unit = seconds, ""
    for size, name in STEPS:
        if number < size:
            break
        number, unit = number / size, name
    count = int(number)
    match unit:
        case "minute":
            return ngettext("%(num)d minute ago", "%(num)d minutes ago", count)
        case "hour":
            return ngettext("%(num)d hour ago", "%(num)d hours ago", count)
        case "day":
            return ngettext("%(num)d day ago", "%(num)d days ago", count)
        case "week":
            return ngettext("%(num)d week ago", "%(num)d weeks ago", count)
        case "year":
            return ngettext("%(num)d year ago", "%(num)d years ago", count)
    return gettext("just now")


def here(**changes: object) -> str:
    """This page's own URL with some of its query changed; `None` and `''` take a part away."""
    arguments = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in arguments.items() if value not in (None, "")}
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **kept})


def initials(name: str) -> str:
    """At most two capitals: `Aubert & Filles` is `AF`, `Kellerei` is `K`."""
    return "".join(word[0] for word in name.split() if word[0].isalpha())[:2].upper()


def timeline(bottle: Bottle, width: int = 400) -> dict[str, float]:
    """Where the drinking window and this year lie on a line `width` long, and the years at its ends."""
    year = date.today().year
    start = bottle.drink_from or bottle.vintage or year
    end = bottle.drink_until or max(start, year) + 5
    first = min(bottle.vintage or start, start, year) - 1
    last = max(end, year) + 1
    scale = width / (last - first)
    return {
        "first": first,
        "last": last,
        "start": round((start - first) * scale, 1),
        "width": round(max((end - start) * scale, 8), 1),
        "now": round((year - first) * scale, 1),
    }


def init_app(app: Flask) -> None:
    """Offer all this to the templates of `app`."""
    for word in (money, ago, initials, timeline):
        app.add_template_filter(word)
    app.add_template_global(here)
    app.add_template_global(script_words)
    # Globals rather than a context processor, because imported macros see these only.
    app.jinja_env.globals.update(COLOURS=COLOURS, SORTS=SORTS, VERBS=VERBS, WINDOWS=WINDOWS)
