"""The applications that the pages on typed views, documents, versions and FastAPI show."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_bottles_go_in_and_are_seen(load_example, protocol):
    with load_example("rest/typed").app.test_client(protocol=protocol) as client:
        wine = {"name": "Rioja", "year": 2010}
        made = client.post("/racks/1/wines?dry=yes", json=wine)
        assert (made.status_code, made.json) == (201, {**wine, "note": None})
        assert client.get("/racks/1/wines?since=2011").json == []
        assert [one["name"] for one in client.get("/racks/1/wines").json] == ["Rioja"]
        assert client.get("/racks/9/wines").json["detail"] == "There is no rack 9."
        wrong = client.post("/racks/1/wines?dry=x", json={"name": "", "year": "x"})
        assert [one.get("name") or one["pointer"] for one in wrong.json["errors"]] == [
            "dry",
            "/name",
            "/year",
        ]


def test_versions_answer_side_by_side(load_example):
    client = load_example("rest/api_versions").app.test_client()
    assert client.get("/api/v2/wines").json == ["Rioja"]
    assert client.get("/api/wines").json == {"Rioja": 12}
    assert client.get("/api/wines?version=1").headers["Sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"


def test_the_hook_completes_the_document(load_example):
    client = load_example("rest/hook").app.test_client()
    made = json.loads(client.get("/openapi.json").text)
    assert made["info"]["contact"] == {"email": "ada@cellar.example"}
    assert made["servers"] == [{"url": "https://cellar.example"}]


def test_the_api_that_was_fastapi_s_does_the_same(load_example):
    client = load_example("coming_from_fastapi/after").app.test_client()
    assert client.get("/wines/1").status_code == 404
    wine = {"name": "Rioja", "year": 2010}
    assert client.post("/wines/1", json=wine).status_code == 201
    assert client.get("/wines/1").json == wine
    assert client.post("/wines/1", json={"name": "", "year": 1}).status_code == 422
