"""What is the same in both versions: tokens, and the racks, which are a resource."""

from __future__ import annotations

from typing import Any

from demijohn import current_app
from demijohn.ext.i18n import gettext
from demijohn.ext.rest import InvalidRequest, Resource, typed
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Conflict, Unauthorized

from cellar.store import people, racks
from cellar.store.database import db
from cellar.store.models import Bottle, Person, Rack
from cellar.store.refusals import NoneLeft, RackFull
from cellar.web import acts
from cellar.web.api.base import api, make_token
from cellar.web.api.shapes import Credentials, Place, RackOut, Token, Verdict, Wanted
from cellar.web.headers import guesses
from cellar.web.words import refusal


@api.post("/token", tags=["tokens"], errors={401: "Name and password do not go together.", 429: "Too often."})
@guesses
def token(credentials: Credentials) -> Token:
    """Trade a name and password for a token."""
    person = people.recognise(credentials.name, credentials.password)
    if person is None:
        raise Unauthorized(
            gettext("This name and password do not go together."),
            www_authenticate=WWWAuthenticate("bearer", {"realm": "cellar"}),
        )
    made = Token(make_token(person), "Bearer", current_app.config["TOKEN_LIFETIME"])
    return made, 200, {"Cache-Control": "no-store"}


@api.resource("/racks")
class Racks(Resource):
    """The racks."""

    @typed(tags=["racks"])
    async def get(self) -> list[RackOut]:
        """The racks and how full they are."""
        return (await db.async_session.scalars(racks.every())).all()


def lay(person: Person, wanted: Wanted, details: dict[str, Any]) -> Bottle:
    """Add a bottle; what cannot be is a 422, or a 409 when there is no room."""
    if db.session.get(Rack, wanted.rack) is None:
        words = gettext("There is no such rack.")
        raise InvalidRequest([{"in": "body", "pointer": "/rack", "detail": words}])
    try:
        return acts.add_bottle(person, details, wanted.rack, wanted.count)
    except RackFull as error:
        raise Conflict(refusal(error)) from None


def take(person: Person, bottle: Bottle, verdict: Verdict) -> Place:
    """Open a bottle, and say where to find it; a 409 when there is none."""
    verdict.check()
    try:
        place = acts.open_bottle(person, bottle, verdict.rating, verdict.note)
    except NoneLeft as error:
        raise Conflict(refusal(error)) from None
    return Place(place.rack_id, place.shelf, place.place)
