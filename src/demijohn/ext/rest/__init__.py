"""REST: resources with Flask-RESTful's interface, for sync and async code.

    api = Api(app, prefix="/api")

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

__all__ = [
    "Api", "Resource", "abort", "fields", "inputs", "marshal", "marshal_with", "marshal_with_field", "reqparse",
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
