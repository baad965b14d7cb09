"""Small parts that Flask-RESTful's users import."""

from __future__ import annotations

from datetime import timedelta

import pytest

from demijohn.ext.rest import Resource
from demijohn.ext.rest.utils import cors, http_status_message, unpack


def test_a_status_has_its_phrase():
    assert (http_status_message(404), http_status_message(799)) == ("Not Found", "")


@pytest.mark.parametrize(
    ("returned", "parts"),
    [
        ("a", ("a", 200, {})),
        (("a", 201), ("a", 201, {})),
        (("a", 201, {"X": "1"}), ("a", 201, {"X": "1"})),
        ([1, 2], ([1, 2], 200, {})),
    ],
)
def test_what_a_method_returned_is_taken_apart(returned, parts):
    assert unpack(returned) == parts


def test_pages_of_other_sites_may_read_an_answer(site):
    class Shared(Resource):
        get = cors.crossdomain("*", expose_headers=["X-Rack"])(site.method(lambda self: "a"))
        put = cors.crossdomain(
            ["https://a.example"],
            methods=["put"],
            headers=["X-Key"],
            max_age=timedelta(hours=1),
            credentials=True,
        )(site.method(lambda self: "b"))
        post = cors.crossdomain("*", attach_to_all=False)(site.method(lambda self: "c"))

    site.api().add_resource(Shared, "/")
    fields = site.client.get("/").headers
    assert (fields["Access-Control-Allow-Origin"], fields["Access-Control-Expose-Headers"]) == ("*", "X-RACK")
    assert set(fields["Access-Control-Allow-Methods"].split(", ")) >= {
        "GET",
        "HEAD",
        "OPTIONS",
        "POST",
        "PUT",
    }
    assert fields["Access-Control-Max-Age"] == "21600"
    fields = site.client.put("/").headers
    assert {name: value for name, value in fields.items() if name.lower().startswith("access-control")} == {
        name if site.protocol != "asgi" else name.lower(): value
        for name, value in {
            "Access-Control-Allow-Origin": "https://a.example",
            "Access-Control-Allow-Methods": "PUT",
            "Access-Control-Max-Age": "3600.0",
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": "X-KEY",
        }.items()
    }
    assert "Access-Control-Allow-Origin" not in site.client.post("/").headers


def test_options_are_answered_with_them(site):
    class Shared(Resource):
        options = cors.crossdomain("*")(site.method(lambda self: "never"))
        provide_automatic_options = False

    site.api().add_resource(Shared, "/")
    answer = site.client.options("/")
    assert (answer.text, answer.headers["Access-Control-Allow-Origin"]) == ("", "*")
