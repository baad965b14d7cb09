"""The live journal: a page and, behind every page, Socket.IO that brings news as they happen.

A page is open for hours. Each event that it sends has a context of its own, so in between it holds no connection to
the database. Where there is no socket (a server that speaks WSGI, a proxy that lets none through), the page's
script listens to `/live/events`, and a glass is raised by a form.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from demijohn import Blueprint, Flask, abort, event_stream, redirect, render_template, request, url_for
from demijohn.ext.i18n import gettext
from demijohn.ext.login import login_required
from demijohn.typing import ResponseReturnValue

from cellar.store import journal, racks
from cellar.store.database import db
from cellar.web import acts
from cellar.web.news import EXTENSION, News, news
from cellar.web.visitor import login

blueprint = Blueprint("live", __name__)


@blueprint.get("/")
async def page() -> ResponseReturnValue:
    """What happened in the cellar, and what is happening."""
    activities = (await db.async_session.scalars(journal.latest(30))).all()
    return render_template("live.html", activities=activities, totals=await _totals())


@blueprint.get("/events")
async def events() -> ResponseReturnValue:
    """The news for who only listens, such as a screen at the door."""
    return event_stream(news().follow(request.last_event_id), ping=15, retry=3000)


@blueprint.post("/glasses/<number:activity>")
@login_required
async def cheer(activity: int) -> ResponseReturnValue:
    """Raise a glass to an entry of the journal, by a form."""
    try:
        await acts.cheer(login.current_user, activity)
    except LookupError:
        abort(404, gettext("There is no such entry in the journal."))
    return redirect(url_for(".page"), 303)


# What a page says over its socket. Nothing that it sends may end its connection.


async def come() -> None:
    """A page opened."""
    news().watch(+1)


async def go() -> None:
    """A page was closed."""
    news().watch(-1)


async def since(*said: object) -> dict[str, object]:
    """What a page missed since the entry that it has seen last, and how things stand."""
    number = _number(said)
    if number is None:
        return _trouble("Send the number of an entry.")
    entries = (await db.async_session.scalars(journal.since(number))).all()
    return {
        "missed": [acts.as_message(entry) for entry in reversed(entries)],
        "totals": asdict(await _totals()),
    }


async def raise_glass(*said: object) -> dict[str, object]:
    """Raise a glass to an entry of the journal; all hear of it as news."""
    number = _number(said)
    if number is None:
        return _trouble("Send the number of an entry.")
    person = await login.load_user()
    if person is None:
        return _trouble(gettext("Sign in to raise a glass."))
    try:
        return {"count": await acts.cheer(person, number)}
    except LookupError:
        return _trouble(gettext("There is no such entry in the journal."))


def _number(said: tuple[object, ...]) -> int | None:
    """The one number that was said; `None` for anything else."""
    if len(said) == 1 and type(said[0]) is int and 0 <= said[0] < 2**31:
        return said[0]
    return None


def _trouble(words: str) -> dict[str, object]:
    return {"trouble": words}


async def _totals() -> racks.Totals:
    return racks.Totals.of(await db.async_session.execute(racks.by_colour(date.today().year)))


def init_app(app: Flask) -> None:
    """Hear what the pages of `app` say."""
    found: News = app.extensions[EXTENSION]
    handlers = {"connect": come, "disconnect": go, "since": since, "cheer": raise_glass}
    for name, handler in handlers.items():
        found.socketio.on_event(name, handler)
    app.register_blueprint(blueprint, url_prefix="/live")
