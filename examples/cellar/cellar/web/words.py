"""How templates say money, moments and drinking windows."""

from __future__ import annotations

from datetime import UTC, date, datetime

from demijohn import Flask, request, url_for

from cellar.store import bottles
from cellar.store.models import COLOURS, Bottle

STEPS = [(60, "minute"), (60, "hour"), (24, "day"), (7, "week"), (52, "year")]
WINDOWS = {"open": "", "early": "Wait", "ready": "Ready", "last": "Drink soon", "past": "Past its best"}
VERBS = {
    "added": "added",
    "shelved": "put away more",
    "opened": "opened",
    "changed": "corrected",
    "removed": "removed",
    "built": "built the rack",
}


def money(cents: int) -> str:
    """1250 as `€ 12.50`, and whole euros without cents: `€ 1,200`."""
    euros, rest = divmod(cents, 100)
    return f"€\N{NO-BREAK SPACE}{euros:,}" + (f".{rest:02}" if rest else "")


def ago(moment: datetime, now: datetime | None = None) -> str:
    """A moment as `just now`, `1 hour ago`, `3 days ago`."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    number, unit = seconds, ""
    for size, name in STEPS:
        if number < size:
            break
        number, unit = number / size, name
    if not unit:
        return "just now"
    return f"{int(number)} {unit}{'s' if int(number) != 1 else ''} ago"


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
    # Globals rather than a context processor, because imported macros see these only.
    app.jinja_env.globals.update(COLOURS=COLOURS, SORTS=bottles.SORTS, VERBS=VERBS, WINDOWS=WINDOWS)
