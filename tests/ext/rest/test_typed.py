"""What typed views take: where it comes from, how it is read, and all that is wrong with it, told at once."""

from __future__ import annotations

import dataclasses
import enum
import io
from datetime import date
from typing import Annotated, TypedDict

import attrs
import msgspec
import pydantic
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType
from werkzeug.datastructures import FileStorage

from demijohn import Blueprint, request
from demijohn.ext.rest import Body, Cookie, File, Form, Header, InvalidRequest, Query, typed
from demijohn.views import MethodView


class Colour(enum.Enum):
    RED = "red"
    WHITE = "white"


class Wine(Struct):
    name: Annotated[str, Meta(min_length=1)]
    year: int
    note: str | None = None


class Line(Struct):
    count: int
    price: float
    wine: Wine


class Order(Struct):
    lines: list[Line]
    by_shelf: dict[str, Line] = {}


class Where(Struct):
    shelf: int
    dry: bool = False
    when: date | None = None


@dataclasses.dataclass
class DataWine:
    name: str
    year: int


class DictWine(TypedDict):
    name: str
    year: int


@attrs.define
class AttrsWine:
    name: str
    year: int


class PydanticWine(pydantic.BaseModel):
    name: str
    year: int


class Inner(pydantic.BaseModel):
    price: int


class Outer(pydantic.BaseModel):
    lines: list[Inner]


class Patch(Struct):
    note: str | None | UnsetType = UNSET


def errors_of(answer):
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
    return answer.json["errors"]


def test_each_parameter_comes_from_where_it_belongs(site):
    @site.add("post", "/racks/<int:rack>/wines", status=201)
    def add(
        rack: int, wine: Wine, dry: bool = False, key: Annotated[str, Header("X-Key")] = "",
        visit: Annotated[int, Cookie()] = 0,
    ) -> list[str]:  # fmt: skip
        return [repr(one) for one in (rack, wine.name, wine.year, dry, key, visit)]

    site.client.set_cookie("visit", "7")
    answer = site.client.post(
        "/racks/3/wines?dry=yes", json={"name": "Rioja", "year": 2010}, headers={"X-Key": "k"}
    )
    assert (answer.status_code, answer.json) == (201, ["3", "'Rioja'", "2010", "True", "'k'", "7"])


def test_the_first_request_has_its_body(new_site):
    """Routing looks at the Host of a first request, and so at the environ, before the body is there."""
    site = new_site("asgi", True)

    @site.add("post", "/")
    def view(wine: Wine) -> str:
        return wine.name

    sent = []

    async def receive():
        return {"type": "http.request", "body": b'{"name": "a", "year": 1}', "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"a.example"), (b"content-type", b"application/json"), (b"content-length", b"24")]
    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers, "scheme": "http",
        "server": ("a.example", 80), "client": ("127.0.0.1", 1), "http_version": "1.1",
    }  # fmt: skip
    import asyncio

    asyncio.run(site.app.asgi_app(scope, receive, send))
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"a")


def test_all_that_is_wrong_is_told_at_once_and_nothing_of_it_echoed(site):
    @site.add("post", "/orders/<when>")
    def order(when: date, order: Order, page: int, dry: bool = False) -> str:
        return "never"

    body = {
        "lines": [{"count": n, "price": 1.5, "wine": {"name": "a", "year": 1}} for n in range(9)],
        "by_shelf": {"a/b": {"count": 1, "price": "secret", "wine": {"name": "", "year": 2}}},
    }
    body["lines"][1]["count"] = "secret"
    body["lines"][7]["price"] = "secret"
    del body["lines"][7]["wine"]["year"]
    answer = site.client.post("/orders/secret?dry=secret", json=body)
    errors = errors_of(answer)
    assert sorted((error["in"], error.get("name") or error["pointer"]) for error in errors) == [
        ("body", "/by_shelf/a~1b/price"),
        ("body", "/by_shelf/a~1b/wine/name"),
        ("body", "/lines/1/count"),
        ("body", "/lines/7/price"),
        ("body", "/lines/7/wine/year"),
        ("path", "when"),
        ("query", "dry"),
        ("query", "page"),
    ]
    assert answer.json["detail"] == "8 values are invalid."
    assert all(error["detail"] for error in errors)
    assert "secret" not in answer.text


def test_no_more_than_a_hundred_errors_are_told(one):
    @one.add("post", "/")
    def view(numbers: Annotated[list[int], Body()]) -> str:
        return "never"

    assert len(errors_of(one.client.post("/", json=["x"] * 5000))) == 100


@pytest.mark.parametrize("sent", ["5.0", '"5"', "false", "null"])
def test_json_is_read_strictly(one, sent):
    @one.add("post", "/")
    def view(count: Annotated[int, Body()]) -> str:
        return "never"

    answer = one.client.post("/", data=sent, content_type="application/json")
    assert errors_of(answer)[0]["pointer"] == ""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("n=5&b=on&c=red&d=2026-01-02&many=1&many=2", [5, True, "red", "2026-01-02", [1, 2], ""]),
        ("n=-5&b=NO&s=", [-5, False, None, None, [], ""]),
        ("n=5&b=&c=&d=&many=&s=x", [5, False, None, None, [], "x"]),
    ],
)
def test_text_is_read_laxly(site, query, expected):
    @site.add("get", "/")
    def view(
        n: int,
        b: bool = False,
        c: Colour | None = None,
        d: date | None = None,
        many: list[int] = [],
        s: str = "",
    ) -> list[int | str | bool | list[int] | None]:
        return [n, b, c and c.value, d and d.isoformat(), many, s]

    assert site.client.get(f"/?{query}").json == expected


@pytest.mark.parametrize("text", ["5.5", "٥", "5_0", " 5", "+5", "9" * 5000])
def test_what_is_no_integer_is_none(one, text):
    @one.add("get", "/")
    def view(n: int) -> str:
        return str(n)

    assert errors_of(one.client.get("/", query_string={"n": text}))[0]["name"] == "n"


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_number_is_finite(one, text):
    @one.add("get", "/")
    def view(n: float) -> str:
        return str(n)

    errors_of(one.client.get(f"/?n={text}"))


def test_an_empty_value_is_missing_but_for_text(one):
    @one.add("get", "/")
    def view(n: int, s: str) -> str:
        return f"{n}{s}"

    assert errors_of(one.client.get("/?n=&s=")) == [
        {"in": "query", "name": "n", "detail": "Required, and missing."}
    ]
    assert one.client.get("/?n=1&s=").text == "1"


def test_a_default_that_can_be_changed_is_each_request_s_own(one):
    @one.add("get", "/")
    def view(many: list[int] = []) -> list[int]:
        many.append(1)
        return many

    assert [one.client.get("/").json for _ in range(2)] == [[1], [1]]


def test_unset_tells_absent_from_null(site):
    @site.add("patch", "/")
    def view(patch: Patch, page: int | UnsetType = UNSET) -> str:
        return f"{patch.note!r} {page!r}"

    assert site.client.patch("/", json={}).text == "UNSET UNSET"
    assert site.client.patch("/?page=1", json={"note": None}).text == "None 1"


def test_a_model_may_be_the_query(site):
    @site.add("get", "/")
    def view(where: Annotated[Where, Query()]) -> Where:
        return where

    assert site.client.get("/?shelf=3&dry=on&when=2026-01-02").json == {
        "shelf": 3, "dry": True, "when": "2026-01-02",
    }  # fmt: skip
    assert [error["name"] for error in errors_of(site.client.get("/?dry=x&when=y"))] == [
        "shelf",
        "dry",
        "when",
    ]


def test_forms_and_files(site):
    @site.add("post", "/")
    def view(
        name: Annotated[str, Form()], agree: Annotated[bool, Form()], label: FileStorage,
        more: Annotated[list[FileStorage], File("extra")] = [],
    ) -> list[str | bool | int]:  # fmt: skip
        return [name, agree, label.read().decode(), len(more)]

    data = {"name": "", "label": (io.BytesIO(b"glass"), "label.txt")}
    assert site.client.post("/", data=data).json == ["", False, "glass", 0]
    extra = {**data, "agree": "on", "label": (io.BytesIO(b"g"), "l"), "extra": [(io.BytesIO(b"1"), "1")]}
    assert site.client.post("/", data=extra).json == ["", True, "g", 1]
    assert [error["name"] for error in errors_of(site.client.post("/", data={}))] == ["name", "label"]
    assert site.client.post("/", json={}).status_code == 415


def test_several_bodies_are_members_of_one(one):
    @one.add("post", "/")
    def view(a: Annotated[Wine, Body("first")], b: Annotated[int, Body("second")] = 4) -> str:
        return f"{a.name} {b}"

    assert one.client.post("/", json={"first": {"name": "x", "year": 1}}).text == "x 4"
    errors = errors_of(one.client.post("/", json={"first": {"name": "x", "year": "1"}, "second": None}))
    assert [error["pointer"] for error in errors] == ["/first/year", "/second"]


@pytest.mark.parametrize("model", [Wine, DataWine, DictWine, AttrsWine, PydanticWine])
def test_a_model_of_any_kind(new_site, model):
    site = new_site("wsgi", False)

    def view(wine):
        return [wine]

    view.__annotations__ = {"wine": model, "return": list[model]}
    site.api.post("/")(view)
    answer = site.client.post("/", json={"name": "a", "year": 1})
    assert (answer.status_code, answer.json[0]["name"], answer.json[0]["year"]) == (200, "a", 1)
    errors = errors_of(site.client.post("/", json={"year": "1"}))
    assert sorted(error["pointer"] for error in errors) == ["/name", "/year"]
    assert site.client.post("/", data="{", content_type="application/json").status_code == 400


def test_pydantic_s_errors_point_as_ours(one):
    @one.add("post", "/")
    def view(outer: Outer) -> Outer:
        return outer

    errors = errors_of(one.client.post("/", json={"lines": [{"price": 1}, {"price": "1"}, {}]}))
    assert [error["pointer"] for error in errors] == ["/lines/1/price", "/lines/2/price"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"[" * 2000 + b"]" * 2000, "application/json", 400),  # case 21
        (b'{"name": NaN, "year": 1}', "application/json", 400),  # case 22
        (b'{"name": "\xff", "year": 1}', "application/json", 400),
        (b'{"name": "a", "year": 1, "other": "\xff"}', "application/json", 400),
        (b'{"name": "a", "year": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"name": "a", "year": 1}', "text/plain", 415),  # case 23
        (b'{"name": "a", "year": 1}', None, 415),
        (b'{"name": "a", "year": 1}', "application/vnd.cellar+json", 200),
        (b'{"name": "a", "year": 1}', "APPLICATION/JSON; charset=UTF-8", 200),
        (b"", "application/json", 400),
        (b"", None, 422),
    ],
)
def test_a_body_that_is_none(site, body, content_type, status):
    @site.add("post", "/")
    def view(wine: Wine) -> str:
        return wine.name

    answer = site.client.post("/", data=body, content_type=content_type)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.content_type == "application/problem+json"


def test_a_body_over_the_limit_is_413(site):
    site.app.config["MAX_CONTENT_LENGTH"] = 100

    @site.add("post", "/")
    def view(wine: Wine) -> str:
        return wine.name

    answer = site.client.post("/", json={"name": "a" * 200, "year": 1})
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")


def test_all_errors_of_a_typed_view_are_problems_whatever_accept_says(site):
    from demijohn import abort

    @site.add("get", "/")
    def view(n: int = 0) -> str:
        if n:
            raise RuntimeError
        abort(404, "No bottle.")

    @site.app.get("/plain")
    def plain():
        abort(404)

    answer = site.client.get("/", headers={"Accept": "text/html"})
    assert answer.json == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No bottle."}
    assert site.client.get("/?n=1", headers={"Accept": "text/html"}).json["status"] == 500
    assert site.client.get("/plain").content_type == "text/html; charset=utf-8"


def test_an_application_answers_invalid_requests_its_own_way(site):
    @site.add("get", "/")
    def view(n: int) -> str:
        return str(n)

    @site.app.errorhandler(InvalidRequest)
    def answer_ours(e):
        return {"wrong": [error["name"] for error in e.errors]}, 400

    answer = site.client.get("/?n=x")
    assert (answer.status_code, answer.json) == (400, {"wrong": ["n"]})


def test_any_view_of_an_application_can_be_typed(site):
    bp = Blueprint("cellar", __name__, url_prefix="/cellar")

    @bp.get("/<int:n>")
    @typed(tags=["cellar"])
    def view(n: int, m: int = 1) -> list[int]:
        return [n, m]

    class Bottles(MethodView):
        @typed
        def get(self, n: int, deep: bool = False) -> list[int]:
            return [n, int(deep)]

        def post(self, n):
            return f"plain {n}"

    bp.add_url_rule("/bottles/<int:n>", view_func=Bottles.as_view("bottles"))
    bp.add_url_rule("/named/<int:n>/bottles", view_func=Bottles.as_view("more"))
    site.app.register_blueprint(bp)
    assert site.client.get("/cellar/7?m=2").json == [7, 2]
    assert site.client.get("/cellar/bottles/7?deep=1").json == [7, 1]
    assert site.client.get("/cellar/named/7/bottles").json == [7, 0]
    assert site.client.post("/cellar/bottles/7").text == "plain 7"
    assert errors_of(site.client.get("/cellar/7?m=x"))[0]["name"] == "m"
    assert view(1, m=3) == [1, 3]  # the function is what it was


def test_what_stands_around_a_typed_view_is_called_with_its_arguments(site):
    from functools import wraps

    def doubled(f):
        @wraps(f)
        def run(n):
            assert request.path == "/"
            return f(n * 2)

        return run

    @site.api.get("/")
    @doubled
    def view(n: int) -> int:
        return n

    assert site.client.get("/?n=4").json == 8


def test_hooks_see_a_response(site):
    @site.app.after_request
    def mark(response):
        response.headers["X-Length"] = str(len(response.get_data()))
        return response

    @site.add("get", "/")
    def view() -> list[int]:
        return [1, 2]

    assert site.client.get("/").headers["X-Length"] == "5"


def test_too_many_query_fields_are_refused(one):
    one.app.config["MAX_QUERY_FIELDS"] = 2

    @one.add("get", "/")
    def view(a: int = 0, b: int = 0, c: int = 0) -> int:
        return a + b + c

    assert one.client.get("/?a=1&b=2").json == 3
    assert one.client.get("/?a=1&b=2&c=3").status_code == 400


def test_what_comes_of_msgspec_is_what_it_says(one):
    """The faults that are found by looking once more are those that its decoder finds."""

    @one.add("post", "/")
    def view(order: Order) -> str:
        return "never"

    body = {"lines": [{"count": 1, "price": 1, "wine": {"name": "a", "year": 1.5}}]}
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(msgspec.json.encode(body), type=Order)
    error = errors_of(one.client.post("/", json=body))[0]
    assert str(raised.value) == f"{error['detail']} - at `$.lines[0].wine.year`"
    assert error["pointer"] == "/lines/0/wine/year"
