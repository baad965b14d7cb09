"""The cellar as JSON, under /api. Reading is open to all; writing needs a session or a token.

A program trades name and password for a token at /api/token and sends it as `Authorization: Bearer`.
What is wrong is told as problem documents (see `cellar.web.errors`).
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from demijohn import Blueprint, abort, current_app, g, jsonify, request, url_for
from demijohn.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Conflict, Unauthorized

from cellar.store import bottles, people, racks
from cellar.store.people import Person
from cellar.web import acts, csrf, visitor
from cellar.web.auth import SignIn
from cellar.web.bottle_forms import BottleForm, OpenForm, read_search
from cellar.web.bottles import find_or_404
from cellar.web.connection import connection
from cellar.web.errors import InvalidFields
from cellar.web.forms import Form

blueprint = Blueprint("api", __name__)


@blueprint.before_request
def read_token() -> None:
    """Let a bearer token say who is asking; one that is wrong is refused, never ignored."""
    if not csrf.bears_token():
        return
    try:
        number = _signer().loads(
            (request.authorization and request.authorization.token) or "",
            max_age=current_app.config["TOKEN_LIFETIME"],
        )
    except BadSignature:
        number = None
    g.person = people.get(connection(), number) if isinstance(number, int) else None
    if g.person is None:
        raise _unauthorized("This token is not good, or not any more. Get a new one from /api/token.")


@blueprint.post("/token")
def token() -> ResponseReturnValue:
    """Trade a name and password for a token."""
    form = SignIn(_typed())
    _check(form)
    person = people.recognise(connection(), form.values["name"], form.values["password"])
    if person is None:
        raise _unauthorized("This name and password do not go together.")
    lifetime = current_app.config["TOKEN_LIFETIME"]
    answer = jsonify(access_token=_signer().dumps(person.id), token_type="Bearer", expires_in=lifetime)
    answer.cache_control.no_store = True
    return answer


@blueprint.get("/bottles")
async def index() -> ResponseReturnValue:
    """One page of bottles; takes q, colour, ready, sort and page as the pages do."""
    search = read_search(request.args, per_page=25)
    page = await asyncio.to_thread(lambda: bottles.find(connection(), search))
    answer = jsonify(
        items=[as_json(bottle) for bottle in page.items], total=page.total, page=page.page, pages=page.pages
    )
    for relation, number in (("prev", page.page - 1), ("next", page.page + 1)):
        if 1 <= number <= page.pages:
            address = url_for(".index", **{**request.args.to_dict(), "page": number})
            answer.headers.add("Link", f'<{address}>; rel="{relation}"')
    return answer


@blueprint.get("/bottles/<number:bottle_id>")
def show(bottle_id: int) -> ResponseReturnValue:
    """One bottle."""
    return as_json(find_or_404(bottle_id))


@blueprint.post("/bottles")
def add() -> ResponseReturnValue:
    """Add a bottle; the fields are those of the form."""
    person = _person()
    form = BottleForm(_typed(), rack={str(rack.id): rack.name for rack in racks.every(connection())})
    _check(form)
    try:
        number = acts.add_bottle(person, form.details(), int(form.values["rack"]), form.values["count"])
    except racks.RackFull as error:
        raise InvalidFields({"rack": str(error)}) from None
    return as_json(find_or_404(number)), 201, {"Location": url_for(".show", bottle_id=number)}


@blueprint.post("/bottles/<number:bottle_id>/open")
def open_one(bottle_id: int) -> ResponseReturnValue:
    """Take one bottle out; `rating` and `note` may be given."""
    person = _person()
    form = OpenForm(_typed())
    _check(form)
    try:
        slot = acts.open_bottle(person, find_or_404(bottle_id), *form.verdict())
    except racks.NoneLeft as error:
        raise Conflict(str(error)) from None
    place = {"rack": slot.rack_id, "shelf": slot.shelf, "place": slot.place}
    return {"taken_from": place, "bottle": as_json(find_or_404(bottle_id))}


@blueprint.get("/racks")
def all_racks() -> ResponseReturnValue:
    """The racks and how full they are."""
    return jsonify([{**asdict(rack), "size": rack.size} for rack in racks.every(connection())])


def as_json(bottle: bottles.Bottle) -> dict[str, Any]:
    """A bottle as programs get it: money as a number of euros, the photo as an address."""
    told = asdict(bottle)
    cents, photo = told.pop("price_cents"), told.pop("photo")
    return {
        **told,
        "price": None if cents is None else cents / 100,
        "photo": photo and url_for("bottles.photo", name=photo),
        "window": bottle.window(),
        "url": url_for("api.show", bottle_id=bottle.id),
    }


def _person() -> Person:
    person = visitor.current()
    if person is None:
        raise _unauthorized("Sign in, or send a token from /api/token as Authorization: Bearer.")
    return person


def _unauthorized(words: str) -> Unauthorized:
    return Unauthorized(words, www_authenticate=WWWAuthenticate("bearer", {"realm": "cellar"}))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="cellar api token")


def _typed() -> dict[str, str]:
    """The JSON object that was sent, as if its values had been typed into a form."""
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "Send a JSON object.")
    wrong = {
        name: "This should be text or a number."
        for name, value in body.items()
        if isinstance(value, bool) or not isinstance(value, str | int | float | None)
    }
    if wrong:
        raise InvalidFields(wrong)
    return {name: "" if value is None else str(value) for name, value in body.items()}


def _check(form: Form) -> None:
    if not form.check():
        raise InvalidFields(form.errors)
