"""Typed views and resources in one Api: one prefix, one document, typed methods of resources."""

from __future__ import annotations

import json

from msgspec import Struct
from openapi_spec_validator import validate

from demijohn import Flask
from demijohn.ext.rest import Api, Resource, Versions, fields, marshal_with, reqparse, typed

parser = reqparse.RequestParser()
parser.add_argument("name", required=True, location="json")
parser.add_argument("page", type=int, location="args")

BOTTLE = {"name": fields.String, "year": fields.Integer, "rack": fields.Nested({"number": fields.Integer})}


class Wine(Struct):
    name: str


class Bottles(Resource):
    @marshal_with(BOTTLE, envelope="bottle")
    def post(self, rack):
        """Put a bottle in."""
        return parser.parse_args()

    @typed
    def get(self, rack: int, page: int = 1) -> list[Wine]:
        """What is in a rack."""
        return [Wine(f"{rack} {page}")]


class AsyncBottles(Resource):
    @typed
    async def put(self, wine: Wine) -> Wine:
        return wine


def test_a_method_of_a_resource_can_be_typed():
    for protocol in ("wsgi", "asgi", "rsgi"):
        app = Flask("cellar")
        api = Api(app, prefix="/api")
        api.add_resource(Bottles, "/racks/<int:rack>/bottles")
        api.add_resource(AsyncBottles, "/bottles")
        client = app.test_client(protocol=protocol)
        assert client.get("/api/racks/3/bottles?page=2").json == [{"name": "3 2"}]
        assert client.put("/api/bottles", json={"name": "a"}).json == {"name": "a"}
        wrong = client.get("/api/racks/3/bottles?page=x")
        assert (wrong.status_code, wrong.json["errors"][0]["name"]) == (422, "page")
        assert client.post("/api/racks/3/bottles", json={"name": "a"}).json["bottle"]["name"] == "a"


def test_both_are_in_the_document():
    app = Flask("cellar")
    api = Api(app, prefix="/api")
    api.add_resource(Bottles, "/racks/<int:rack>/bottles")
    api.get("/wines")(lambda: None)
    made = json.loads(app.test_client().get("/api/openapi.json").text)
    validate(made)
    assert set(made["paths"]) == {"/api/racks/{rack}/bottles", "/api/wines"}
    methods = made["paths"]["/api/racks/{rack}/bottles"]
    sent = methods["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(sent["properties"]["bottle"]["properties"]) == {"name", "year", "rack"}
    assert {one["name"] for one in methods["post"]["parameters"]} == {"rack", "page"}
    body = methods["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"] == {"name": {"type": "string"}}
    assert methods["get"]["summary"] == "What is in a rack."


def test_a_resource_is_in_the_versions_it_was_added_to():
    app = Flask("cellar")
    api = Api(app, versions=Versions(["1", "2", "3"], path="/v{}", default="3"))
    api.add_resource(Bottles, "/racks/<int:rack>", version="2", until="2")
    client = app.test_client()
    assert [client.get(f"{path}/racks/1").status_code for path in ("/v1", "/v2", "/v3", "")] == [
        404,
        200,
        404,
        404,
    ]
