"""Flask-Smorest with marshmallow's schemas."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Flask
from flask_smorest import Api, Blueprint


class Origin(ma.Schema):
    """Where a wine is from."""

    country = ma.fields.String(required=True)
    region = ma.fields.String(required=True)
    lat = ma.fields.Float(required=True)
    lon = ma.fields.Float(required=True)


class Line(ma.Schema):
    """Bottles of one wine."""

    id = ma.fields.Integer(required=True, strict=True)
    name = ma.fields.String(required=True)
    price = ma.fields.Float(required=True)
    count = ma.fields.Integer(required=True, strict=True)
    tags = ma.fields.List(ma.fields.String(), required=True)
    origin = ma.fields.Nested(Origin, required=True)
    note = ma.fields.String(allow_none=True)


class Order(ma.Schema):
    """What somebody wants."""

    customer = ma.fields.String(required=True)
    number = ma.fields.Integer(required=True, strict=True)
    lines = ma.fields.List(ma.fields.Nested(Line), required=True)


class Paged(ma.Schema):
    """The query string."""

    page = ma.fields.Integer(load_default=1)


class Thing(ma.Schema):
    """An answer with two numbers."""

    id = ma.fields.Integer()
    page = ma.fields.Integer()


def make(protocol: str) -> Any:
    """The WSGI application."""
    app = Flask(__name__)
    app.config.update(API_TITLE="Bench", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    blueprint = Blueprint("bench", __name__)

    @blueprint.post("/orders")
    @blueprint.arguments(Order)
    @blueprint.response(200, Order)
    def order(order: Any) -> Any:
        return order

    @blueprint.get("/things/<int:id>")
    @blueprint.arguments(Paged, location="query")
    @blueprint.response(200, Thing)
    def thing(query: Any, id: int) -> Any:
        return {"id": id, "page": query["page"]}

    @app.get("/hello")
    def hello() -> str:
        return "Hello, World!"

    Api(app).register_blueprint(blueprint)
    return app
