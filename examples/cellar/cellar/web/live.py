"""The live journal: a page and, behind every page, a socket that brings news as they happen."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import date

from demijohn import Blueprint, Flask, event_stream, render_template, request, websocket
from demijohn.ext.i18n import gettext
from demijohn.typing import ResponseReturnValue

from cellar.store import journal, racks
from cellar.store.database import db
from cellar.web import acts
from cellar.web.hub import Hub, Listener
from cellar.web.visitor import login

blueprint = Blueprint("live", __name__)


@blueprint.get("/")
async def page() -> ResponseReturnValue:
    """What happened in the cellar, and what is happening."""
    activities = (await db.async_session.scalars(journal.latest(30))).all()
    return render_template("live.html", activities=activities, totals=await _totals())


@blueprint.get("/events")
async def events() -> ResponseReturnValue:
    """The same news for who only listens, such as a screen at the door."""
    return event_stream(acts.hub().follow(request.last_event_id), ping=15, retry=3000)


@blueprint.websocket("/socket")
async def socket() -> None:
    """Bring news until the page is closed, and answer what it says meanwhile.

    A page is open for hours. While it says nothing it holds no connection to the database: `receive()`
    gives back the one that the last answer took.
    """
    with acts.hub().listen() as listener:
        bringing = asyncio.create_task(_bring(listener))
        hearing = asyncio.create_task(_hear())
        try:
            done, _ = await asyncio.wait({bringing, hearing}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            bringing.cancel()
            hearing.cancel()


async def _bring(listener: Listener) -> None:
    while (message := await listener.next()) is not None:
        await websocket.send(message)
    await websocket.close(1012)  # service restart, or too slow a reader: come back (IANA registry, RFC 6455)


async def _hear() -> None:
    while True:
        for answer in await _answer(await websocket.receive()):
            await websocket.send(json.dumps(answer))


async def _answer(said: str | bytes) -> list[dict[str, object]]:
    """What to say to one message; nothing that a page sends may end its connection."""
    try:
        message = json.loads(said)
        kind, number = message["type"], message["activity"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return [_trouble("Send a JSON object with type and activity.")]
    if type(number) is not int or not 0 <= number < 2**31:
        return [_trouble("The activity should be a number.")]
    if kind == "since":
        return await _missed(number)
    if kind == "cheer":
        return await _cheer(number)
    return [_trouble("The type should be since or cheer.")]


async def _totals() -> racks.Totals:
    return racks.Totals.of(await db.async_session.execute(racks.by_colour(date.today().year)))


async def _missed(number: int) -> list[dict[str, object]]:
    entries = (await db.async_session.scalars(journal.since(number))).all()
    missed: list[dict[str, object]] = [
        {"type": "activity", "activity": acts.as_message(entry)} for entry in reversed(entries)
    ]
    return [*missed, {"type": "standing", "totals": asdict(await _totals())}]


async def _cheer(number: int) -> list[dict[str, object]]:
    person = await login.load_user()
    if person is None:
        return [_trouble(gettext("Sign in to raise a glass."))]
    try:
        count = await journal.cheer(number, person.id)
    except LookupError:
        return [_trouble(gettext("There is no such entry in the journal."))]
    acts.hub().publish({"type": "cheer", "activity": number, "count": count})
    return []


def _trouble(words: str) -> dict[str, object]:
    return {"type": "trouble", "text": words}


def init_app(app: Flask) -> None:
    """Give `app` a hub, and let the open pages go when it stops."""
    hub = Hub()
    app.extensions["cellar.hub"] = hub
    app.after_serving(hub.close)
