"""The cellar as JSON, under /api. Reading is open to all; writing needs a session or a token.

A program trades name and password for a token at /api/token and sends it as `Authorization: Bearer`.
What is wrong is told as problem documents (see `cellar.web.errors`).
"""

from __future__ import annotations

from typing import Any

from demijohn import Blueprint, abort, current_app, jsonify, request, url_for
from demijohn.ext.i18n import gettext
from demijohn.ext.login import login_required
from demijohn.typing import ResponseReturnValue
from werkzeug.exceptions import Conflict

from cellar.store import bottles, people, racks
from cellar.store.database import db
from cellar.store.models import Bottle
from cellar.store.refusals import NoneLeft, RackFull
from cellar.web import acts, csrf
from cellar.web.auth import SignIn
from cellar.web.bottle_forms import BottleForm, OpenForm, read_search
from cellar.web.bottles import find_or_404, rack_choices
from cellar.web.errors import InvalidFields
from cellar.web.forms import Form
from cellar.web.headers import guesses
from cellar.web.visitor import login, make_token, read_token, unauthorized
from cellar.web.words import refusal

blueprint = Blueprint("api", __name__)


@blueprint.before_request
def refuse_bad_tokens() -> None:
    """A bearer token that is not good is refused, never ignored, not even beside a good session."""
    if csrf.bears_token() and read_token(request) is None:
        raise unauthorized(gettext("This token is not good, or not any more. Get a new one from /api/token."))


@blueprint.post("/token")
@guesses
def token() -> ResponseReturnValue:
    """Trade a name and password for a token."""
    form = SignIn(_typed())
    _check(form)
    person = people.recognise(form.values["name"], form.values["password"])
    if person is None:
        raise unauthorized(gettext("This name and password do not go together."))
    lifetime = current_app.config["TOKEN_LIFETIME"]
    answer = jsonify(access_token=make_token(person), token_type="Bearer", expires_in=lifetime)
    answer.cache_control.no_store = True
    return answer


@blueprint.get("/bottles")
async def index() -> ResponseReturnValue:
    """One page of bottles; takes q, colour, ready, sort and page as the pages do."""
    found = bottles.find(read_search(request.args))
    page = await db.async_session.paginate(found, per_page=25)
    answer = jsonify(
        items=[as_json(bottle) for bottle in page], total=page.total, page=page.page, pages=page.pages
    )
    for relation, number in (("prev", page.prev_num), ("next", page.next_num)):
        if number:
            query: dict[str, Any] = {**request.args.to_dict(), "page": number}
            address = url_for(".index", **query)
            answer.headers.add("Link", f'<{address}>; rel="{relation}"')
    return answer


@blueprint.get("/bottles/<number:bottle_id>")
async def show(bottle_id: int) -> ResponseReturnValue:
    """One bottle."""
    return as_json(await db.async_session.get_or_404(Bottle, bottle_id))


@blueprint.post("/bottles")
@login_required
def add() -> ResponseReturnValue:
    """Add a bottle; the fields are those of the form."""
    form = BottleForm(_typed(), rack=rack_choices())
    _check(form)
    try:
        rack, count = int(form.values["rack"]), form.values["count"]
        bottle = acts.add_bottle(login.current_user, form.details(), rack, count)
    except RackFull as error:
        raise InvalidFields({"rack": refusal(error)}) from None
    return as_json(bottle), 201, {"Location": url_for(".show", bottle_id=bottle.id)}


@blueprint.post("/bottles/<number:bottle_id>/open")
@login_required
def open_one(bottle_id: int) -> ResponseReturnValue:
    """Take one bottle out; `rating` and `note` may be given."""
    form = OpenForm(_typed())
    _check(form)
    bottle = find_or_404(bottle_id)
    try:
        place = acts.open_bottle(login.current_user, bottle, *form.verdict())
    except NoneLeft as error:
        raise Conflict(refusal(error)) from None
    where = {"rack": place.rack_id, "shelf": place.shelf, "place": place.place}
    return {"taken_from": where, "bottle": as_json(bottle)}


@blueprint.get("/racks")
async def all_racks() -> ResponseReturnValue:
    """The racks and how full they are."""
    return [
        {
            "id": rack.id,
            "name": rack.name,
            "shelves": rack.shelves,
            "places": rack.places,
            "taken": rack.taken,
            "size": rack.size,
        }
        for rack in await db.async_session.scalars(racks.every())
    ]


def as_json(bottle: Bottle) -> dict[str, Any]:
    """A bottle as programs get it: money as a number of euros, the photo as an address."""
    same = (
        "id",
        "name",
        "producer",
        "vintage",
        "colour",
        "region",
        "country",
        "grapes",
        "price",
        "drink_from",
        "drink_until",
        "story",
        "stock",
        "rating",
    )
    return {
        **{name: getattr(bottle, name) for name in same},
        "photo": bottle.photo and url_for("bottles.photo", name=bottle.photo),
        "window": bottle.window(),
        "url": url_for("api.show", bottle_id=bottle.id),
    }


def _typed() -> dict[str, str]:
    """The JSON object that was sent, as if its values had been typed into a form."""
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, gettext("Send a JSON object."))
    wrong = {
        name: gettext("This should be text or a number.")
        for name, value in body.items()
        if isinstance(value, bool) or not isinstance(value, str | int | float | None)
    }
    if wrong:
        raise InvalidFields(wrong)
    return {name: "" if value is None else str(value) for name, value in body.items()}


def _check(form: Form) -> None:
    if not form.check():
        raise InvalidFields(form.errors)
