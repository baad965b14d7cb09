"""The applications that the page on resources shows."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_resources_are_listed_made_and_found(load_example, protocol):
    app = load_example("rest/resources").app
    with app.test_client(protocol=protocol) as client:
        first = {"name": "Merlot", "year": 1998, "rack": None, "label": "Merlot 1998"}
        assert client.get("/api/bottles").json == {"bottles": [first]}
        made = client.post("/api/bottles", data={"name": " Riesling ", "year": "2001"})
        assert (made.status_code, made.headers["Location"]) == (201, "/api/bottles/2")
        assert client.get(made.headers["Location"]).json["label"] == "Riesling 2001"
        assert client.delete("/api/bottles/2").status_code == 204
        assert client.get("/api/bottles/7").json == {
            "type": "about:blank", "title": "Not Found", "status": 404, "detail": "No bottle 7.",
            "message": "No bottle 7.", "known": [1],
        }  # fmt: skip
        assert set(client.post("/api/bottles", json={"year": 1}).json["message"]) == {"name", "year"}


def test_data_and_errors_are_told_as_the_client_likes_them(load_example):
    client = load_example("rest/representations").app.test_client()
    assert client.get("/stock").json == {"red": 12, "white": 7}
    assert client.get("/stock", headers={"Accept": "text/csv"}).text == "red,12\r\nwhite,7\r\n"
    gone = client.delete("/stock")
    assert (gone.status_code, gone.json["detail"]) == (410, "Nothing is left.")
    assert client.get("/stock/rose").json == {"message": "The application says so."}
