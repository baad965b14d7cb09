"""The live journal: a page and, behind every page, a socket that brings news as they happen."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from datetime import date

from demijohn import Blueprint, Flask, current_app, render_template, session, websocket
from demijohn.typing import ResponseReturnValue

from cellar.store import database, journal, people, racks
from cellar.web import acts
from cellar.web.connection import connection
from cellar.web.hub import Hub, Listener

blueprint = Blueprint("live", __name__)


def _page() -> dict[str, object]:
    return {
        "activities": journal.latest(connection(), 30),
        "totals": racks.totals(connection(), date.today().year),
    }


@blueprint.get("/")
async def page() -> ResponseReturnValue:
    """What happened in the cellar, and what is happening."""
    return render_template("live.html", **await asyncio.to_thread(_page))


@blueprint.websocket("/socket")
async def socket() -> None:
    """Bring news until the page is closed, and answer what it says meanwhile."""
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
        return await asyncio.to_thread(_missed, number)
    if kind == "cheer":
        return await asyncio.to_thread(_cheer, number, session.get("person"))
    return [_trouble("The type should be since or cheer.")]


# A socket stays open for hours, so these open the database for a moment each.


def _missed(number: int) -> list[dict[str, object]]:
    with closing(database.connect(current_app.config["DATABASE"])) as opened:
        missed: list[dict[str, object]] = [
            {"type": "activity", "activity": acts.as_message(entry)}
            for entry in journal.since(opened, number)
        ]
        return [*missed, {"type": "standing", "totals": acts.standing(opened)}]


def _cheer(number: int, person_id: int | None) -> list[dict[str, object]]:
    with closing(database.connect(current_app.config["DATABASE"])) as opened:
        if person_id is None or people.get(opened, person_id) is None:
            return [_trouble("Sign in to raise a glass.")]
        try:
            count = journal.cheer(opened, number, person_id)
        except LookupError as error:
            return [_trouble(str(error))]
    acts.hub().publish({"type": "cheer", "activity": number, "count": count})
    return []


def _trouble(words: str) -> dict[str, object]:
    return {"type": "trouble", "text": words}


def init_app(app: Flask) -> None:
    """Give `app` a hub, and let the open pages go when it stops."""
    hub = Hub()
    app.extensions["cellar.hub"] = hub
    app.after_serving(hub.close)
