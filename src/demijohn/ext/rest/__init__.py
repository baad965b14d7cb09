"""REST: views whose annotations say what they take and send, resources with Flask-RESTful's interface, their
document, versions, and what APIs often need.

    api = Api(app, title="Cellar", version="1.4")

    class Wine(Struct):                                     # of msgspec; or a dataclass, TypedDict, attrs, pydantic
        name: Annotated[str, Meta(min_length=1)]
        year: int
        note: str | None = None

    @api.post("/racks/<int:rack>/wines", status=201)
    def add(rack: int, wine: Wine, dry: bool = False, key: Annotated[str, Header("X-Key")] = "") -> Wine:
        \"\"\"Put a bottle in.\"\"\"
        return wine

    @app.get("/search")
    @typed(tags=["search"], errors={404: "Nothing found."})  # any view, or method of a class-based one
    async def search(where: Annotated[Where, Query()], colour: list[Colour] = []) -> list[WineOut]: ...

A name in the rule is the path, a model the JSON body, what a provider makes the provider's, and any other plain type
the query; ``Query``, ``Header``, ``Cookie``, ``Form``, ``File``, ``Body`` and ``Path`` say otherwise. What cannot be
told is an error when the application starts. A request with invalid values is a 422 that names each of them. The
return annotation decides what is sent.

    @api.provider                                            # sync, async, a generator; once per request
    def transaction() -> Iterator[Session]:
        with Session(engine) as session, session.begin():
            yield session

Resources, parsers and fields are as Flask-RESTful has them:

    parser = reqparse.RequestParser(bundle_errors=True)
    parser.add_argument("name", required=True, trim=True)
    parser.add_argument("year", type=inputs.int_range(1900, 2100))

    bottle = {"name": fields.String, "year": fields.Integer, "uri": fields.Url("bottle")}

    @api.resource("/bottles/<int:number>", endpoint="bottle")
    class Bottle(Resource):
        @marshal_with(bottle)
        async def get(self, number):                         # or: def
            return await find(number) or abort(404, message=f"No bottle {number}.")

        @marshal_with(bottle)
        def put(self, number):
            return save(number, **parser.parse_args()), 201

What a method returns is data; it is written in the media type the client asks for, JSON if nothing else was
registered. An error of a resource is told in the same way, as a problem (RFC 9457), unless the application has a
handler for it; errors of other routes are not this room's.

The document is at ``/openapi.json``, a page of it at ``/docs``, and ``demijohn openapi`` prints it. ``Versions``
serves several versions side by side; ``Listing``, ``check_etag``, ``BearerAuth``, ``ApiKeyAuth`` and ``Bulk`` are
for lists, changes by several clients, callers, and many answers in one. Left to others: generated clients.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Any

from demijohn.ext.rest import fields, inputs, reqparse
from demijohn.ext.rest.api import Api
from demijohn.ext.rest.resources.errors import abort
from demijohn.ext.rest.resources.marshalling import marshal, marshal_with, marshal_with_field
from demijohn.ext.rest.resources.resource import Resource
from demijohn.ext.rest.toolkit.auth import ApiKeyAuth, BearerAuth
from demijohn.ext.rest.typed.bulk import Bulk
from demijohn.ext.rest.toolkit.etags import check_etag
from demijohn.ext.rest.toolkit.listing import Listing, Page
from demijohn.ext.rest.typed.faults import BrokenJSON, InvalidRequest, NotJSON
from demijohn.ext.rest.typed.options import typed
from demijohn.ext.rest.typed.parameters import BadSignature
from demijohn.ext.rest.typed.shapes import WrongAnswer
from demijohn.ext.rest.typed.sources import Body, Cookie, File, Form, Header, Path, Query
from demijohn.ext.rest.versions import Versions

__all__ = [
    "Api", "ApiKeyAuth", "BadSignature", "BearerAuth", "Body", "BrokenJSON", "Bulk", "Cookie", "File", "Form",
    "Header", "InvalidRequest", "Listing", "NotJSON", "Page", "Path", "Query", "Resource", "Versions",
    "WrongAnswer", "abort", "check_etag", "fields", "inputs", "marshal", "marshal_with", "marshal_with_field",
    "reqparse", "typed",
]  # fmt: skip


def _refuse(status: int, message: object) -> None:
    abort(status, message=message)


# COMPAT: tests of applications replace `abort` here to see what a parser refuses.
reqparse.refuse = _refuse

#: COMPAT: names of Flask-RESTful's module that tests replace or import.
_KEPT: dict[str, Any] = {"OrderedDict": OrderedDict, "sys": sys}


def __getattr__(name: str) -> Any:
    if name in _KEPT:
        return _KEPT[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
