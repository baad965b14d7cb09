"""What is sent of what a view returns: what its annotation says."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

import pydantic
import pytest
from msgspec import Struct, defstruct

from demijohn import Response
from demijohn.ext.rest import Bulk, WrongAnswer


class Maker(Struct):
    name: str


class SecretMaker(Maker):
    password: str = "secret"


class Wine(Struct):
    name: str
    maker: Maker
    others: list[Maker] = []
    by_name: dict[str, Maker] = {}
    best: Maker | None = None


class Node(Struct):
    name: str
    children: list["Node"] = []


class SecretNode(Node):
    password: str = "secret"


@dataclasses.dataclass
class Data:
    name: str


@dataclasses.dataclass
class SecretData(Data):
    password: str = "secret"


class Model(pydantic.BaseModel):
    name: str


class SecretModel(Model):
    password: str = "secret"


class Red(Struct, tag="red"):
    name: str


class White(Struct, tag="white"):
    name: str


class SecretRed(Red):
    password: str = "secret"


class Even(Struct):
    number: int
    next: "Odd | None" = None
    makers: list[Maker] = []


class Odd(Struct):
    number: int
    next: Even | None = None


T = TypeVar("T")


class Pair(Struct, Generic[T]):
    one: T
    more: list["Pair[int]"] = []


SECRET = SecretMaker("m")


def nested(depth: int) -> tuple[type, Any, Any]:
    """A model that has another in a list, and so on; a value with a secret in the last, and what is sent of it."""
    kind: type = Maker
    value: Any = SECRET
    sent: Any = {"name": "m"}
    for number in range(depth):
        kind = defstruct(f"Level{number}", [("parts", list[kind])])
        value, sent = kind([value]), {"parts": [sent]}
    return kind, value, sent


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("promise", "value", "sent"),
    [
        (Maker, SECRET, {"name": "m"}),
        (list[Maker], [SECRET], [{"name": "m"}]),
        (dict[str, Maker], {"a": SECRET}, {"a": {"name": "m"}}),
        (Maker | None, SECRET, {"name": "m"}),
        (
            Wine,
            Wine("w", SECRET, [SECRET], {"a": SECRET}, SECRET),
            {
                "name": "w", "maker": {"name": "m"}, "others": [{"name": "m"}], "by_name": {"a": {"name": "m"}},
                "best": {"name": "m"},
            },
        ),
        (Node, Node("a", [Node("b", [SecretNode("c")])]), {
            "name": "a", "children": [{"name": "b", "children": [{"name": "c", "children": []}]}],
        }),
        (Even, Even(2, Odd(3, Even(4, None, [SECRET]))), {
            "number": 2, "makers": [], "next": {
                "number": 3, "next": {"number": 4, "next": None, "makers": [{"name": "m"}]},
            },
        }),
        (Pair[Maker], Pair(SECRET, [Pair(1)]), {"one": {"name": "m"}, "more": [{"one": 1, "more": []}]}),
        (Pair[Maker], Pair(Maker("m"), [Pair(1)]), {"one": {"name": "m"}, "more": [{"one": 1, "more": []}]}),
        nested(3),
        nested(25),
        (Data, SecretData("d"), {"name": "d"}),
        (list[Data], [SecretData("d")], [{"name": "d"}]),
        (Model, SecretModel(name="p"), {"name": "p"}),
        (list[Model], [SecretModel(name="p")], [{"name": "p"}]),
        (list[Red | White], [SecretRed("r"), White("w")], [
            {"type": "red", "name": "r"}, {"type": "white", "name": "w"},
        ]),
        (Maker, SimpleNamespace(name="o", password="secret"), {"name": "o"}),
        (list[Wine], {1: SimpleNamespace(name="o", maker=SECRET, others=[], by_name={}, best=None)}.values(), [
            {"name": "o", "maker": {"name": "m"}, "others": [], "by_name": {}, "best": None},
        ]),
        (Model, SimpleNamespace(name="o", password="secret"), {"name": "o"}),
        (Maker, {"name": "d", "password": "secret"}, {"name": "d"}),
    ],
)  # fmt: skip
def test_the_annotated_fields_are_sent_and_no_others(one, promise, value, sent, debug):
    one.app.debug = debug

    def view():
        return value

    view.__annotations__ = {"return": promise}
    one.api.get("/")(view)
    answer = one.client.get("/")
    assert (answer.status_code, answer.json) == (200, sent)
    assert answer.content_type == "application/json"


def test_kinds_of_answers(site):
    @site.add("get", "/none")
    def none() -> None: ...

    @site.add("get", "/maybe")
    def maybe() -> Maker | None: ...

    @site.add("get", "/text")
    def text() -> str:
        return "<b>"

    @site.add("get", "/tuple")
    def several() -> tuple[Maker, int, dict[str, str]]:
        return Maker("a"), 202, {"X-A": "b"}

    @site.add("get", "/unsaid")
    def unsaid() -> Maker:
        return Maker("a"), 203

    @site.add("get", "/response")
    def response() -> Maker:
        return Response("own", 418)

    @site.add("get", "/open")
    def unannotated():
        return {"a": 1}

    def got(path):
        answer = site.client.get(path)
        return answer.status_code, answer.text

    assert got("/none") == got("/maybe") == (204, "")
    assert got("/text") == (200, "<b>")
    assert site.client.get("/text").content_type == "text/plain; charset=utf-8"
    assert got("/tuple") == (202, '{"name":"a"}')
    assert site.client.get("/tuple").headers["X-A"] == "b"
    assert got("/unsaid") == (203, '{"name":"a"}')
    assert got("/response") == (418, "own")
    assert site.client.get("/open").json == {"a": 1}
    assert site.client.head("/text").headers["Content-Length"] == "3"


def test_an_iterator_is_sent_as_lines_of_json(new_site):
    for protocol in ("wsgi", "asgi", "rsgi"):
        site = new_site(protocol, False)

        @site.api.get("/sync")
        def lines(n: int) -> Iterator[Maker]:
            for number in range(n):
                yield SecretMaker(str(number))

        @site.api.get("/async")
        async def async_lines(n: int) -> AsyncIterator[Maker]:
            for number in range(n):
                yield SecretMaker(str(number))

        for path in ("/sync", "/async"):
            answer = site.client.get(f"{path}?n=2")
            assert answer.content_type == "application/jsonl"
            assert answer.text == '{"name":"0"}\n{"name":"1"}\n', (protocol, path)
            assert site.client.get(f"{path}?n=x").status_code == 422


def test_in_debug_mode_a_wrong_answer_says_where(one):
    one.app.debug = True

    @one.add("get", "/")
    def view() -> list[Wine]:
        return [Wine("a", Maker(5))]

    with pytest.raises(
        WrongAnswer, match=r"test_answers.*view.*promises.*`str`, got `int` - at `\$\[0\].maker.name`"
    ):
        one.client.get("/")


def test_what_cannot_be_sent_is_a_500_that_tells_clients_nothing(one):
    one.app.config["PROPAGATE_EXCEPTIONS"] = False

    @one.add("get", "/")
    def view() -> Maker:
        return object()

    answer = one.client.get("/")
    assert (answer.status_code, answer.json["status"]) == (500, 500)
    assert "Maker" not in answer.text


def test_many_answers_in_one(site):
    @site.add("post", "/")
    def view(n: int) -> Bulk[Maker]:
        bulk: Bulk[Maker] = Bulk()
        bulk.add(SecretMaker("a"), 201)
        bulk.error(409, "Taken.")
        return bulk

    answer = site.client.post("/?n=1")
    assert answer.status_code == 207
    assert answer.json == [
        {"status": 201, "body": {"name": "a"}},
        {
            "status": 409,
            "problem": {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "Taken."},
        },
    ]
