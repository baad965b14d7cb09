"""Flask-RESTful with its parser and its fields, as its documentation has them."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_restful import Api, Resource, fields, marshal_with, reqparse

ORIGIN = {"country": fields.String, "region": fields.String, "lat": fields.Float, "lon": fields.Float}
LINE = {
    "id": fields.Integer, "name": fields.String, "price": fields.Float, "count": fields.Integer,
    "tags": fields.List(fields.String), "origin": fields.Nested(ORIGIN), "note": fields.String,
}  # fmt: skip
ORDER = {"customer": fields.String, "number": fields.Integer, "lines": fields.List(fields.Nested(LINE))}


class _Part:
    """What a nested parser looks for its arguments in."""

    def __init__(self, json: Any) -> None:
        self.json = json


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("an integer is expected")
    return value


def _parser(*arguments: tuple[str, Any]) -> reqparse.RequestParser:
    parser = reqparse.RequestParser()
    for name, kind in arguments:
        parser.add_argument(name, type=kind, required=True, location="json")
    return parser


def _nested(parser: reqparse.RequestParser) -> Any:
    return lambda value: dict(parser.parse_args(req=_Part(value)))


LINES = _parser(
    ("id", _whole), ("name", str), ("price", float), ("count", _whole), ("tags", lambda value: value),
    ("origin", _nested(_parser(("country", str), ("region", str), ("lat", float), ("lon", float)))), ("note", str),
)  # fmt: skip
ORDERS = _parser(("customer", str), ("number", _whole))
ORDERS.add_argument("lines", type=_nested(LINES), action="append", required=True, location="json")
PAGED = reqparse.RequestParser()
PAGED.add_argument("page", type=int, default=1, location="args")


class Orders(Resource):
    """Orders."""

    @marshal_with(ORDER)
    def post(self) -> Any:
        """Read one, and send it."""
        return ORDERS.parse_args()


class Things(Resource):
    """Things."""

    @marshal_with({"id": fields.Integer, "page": fields.Integer})
    def get(self, id: int) -> Any:
        """Send two numbers."""
        return {"id": id, "page": PAGED.parse_args()["page"]}


def make(protocol: str) -> Any:
    """The WSGI application."""
    app = Flask(__name__)
    api = Api(app)
    api.add_resource(Orders, "/orders")
    api.add_resource(Things, "/things/<int:id>")

    @app.get("/hello")
    def hello() -> str:
        return "Hello, World!"

    return app
