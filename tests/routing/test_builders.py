"""`Router.build` gives what `MapAdapter.build` gives, or leaves it to it."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from demijohn.routing import BaseConverter, Map, Router, Rule


@pytest.fixture(scope="module")
def url_map() -> Map:
    return Map([
        Rule("/", endpoint="index", methods=["GET"]),
        Rule("/wines/<name>", endpoint="wine", methods=["GET"]),
        Rule("/wines/<name>/<int:year>", endpoint="vintage", methods=["GET"]),
        Rule("/row/<int(fixed_digits=3):row>", endpoint="row"),
        Rule("/colour/<any(red, white):colour>", endpoint="colour"),
        Rule("/static/<path:filename>", endpoint="static"),
        Rule("/page/", endpoint="page", defaults={"n": 1}),
        Rule("/page/<int:n>", endpoint="page"),
        Rule("/items/", endpoint="items", methods=["GET"]),
        Rule("/items/", endpoint="items", methods=["POST"]),
        Rule("/items/<int:n>", endpoint="items", methods=["GET"]),
        Rule("/café au lait/", endpoint="café"),
        Rule("/<path:rest>", endpoint="rest"),
        Rule("/live", endpoint="live", websocket=True),
    ])  # fmt: skip


@pytest.fixture(scope="module")
def router(url_map: Map) -> Router:
    return Router(url_map)


@pytest.mark.parametrize(
    ("endpoint", "values", "url"),
    [
        ("index", {}, "/"),
        ("index", {"q": "red wine", "n": 2}, "/?q=red+wine&n=2"),
        ("index", {"tag": ["a", "b&c"], "none": None}, "/?tag=a&tag=b%26c"),
        ("index", {"empty": []}, "/"),
        ("index", {"é": "ü", "raw": b"\xff"}, "/?%C3%A9=%C3%BC&raw=%FF"),
        ("wine", {"name": "château d'y/100%"}, "/wines/ch%C3%A2teau%20d'y/100%25"),
        ("vintage", {"name": "x", "year": "1990"}, "/wines/x/1990"),
        ("vintage", {"year": 1990, "sort": "up", "name": "x-y"}, "/wines/x-y/1990?sort=up"),
        ("row", {"row": 7}, "/row/007"),
        ("colour", {"colour": "red"}, "/colour/red"),
        ("static", {"filename": "css/site.css"}, "/static/css/site.css"),
        ("page", {}, "/page/"),
        ("page", {"n": 1}, "/page/"),
        ("page", {"n": 2}, "/page/2"),
        ("café", {}, "/caf%C3%A9%20au%20lait/"),
        ("rest", {"rest": "//evil.com"}, "/evil.com"),
    ],
)
def test_builds_what_werkzeug_builds(url_map, router, endpoint, values, url):
    assert router.build(endpoint, values) == url == url_map.bind("host").build(endpoint, values)


def test_unknown_values_can_be_left_out(router):
    assert router.build("wine", {"name": "x", "q": "y"}, append_unknown=False) == "/wines/x"


@pytest.mark.parametrize(
    ("endpoint", "values", "method"),
    [
        ("nope", {}, None),
        ("wine", {}, None),
        ("wine", {"name": None}, None),
        ("wine", {"name": "x"}, "POST"),
        ("live", {}, None),
        ("items", {}, None),
        ("index", {1: "x"}, None),
        ("index", MultiDict([("q", "x")]), None),
    ],
)
def test_what_only_werkzeug_can_tell_is_left_to_it(router, endpoint, values, method):
    assert router.build(endpoint, values, method) is None


def test_a_method_chooses_among_the_rules_of_an_endpoint(router):
    assert router.build("items", {"n": 3}, "GET") == "/items/3"
    assert router.build("items", {"n": 3}, "POST") == "/items/?n=3"


def test_what_a_converter_raises_reaches_the_caller(router):
    with pytest.raises(ValueError, match="'blue' is not one of"):
        router.build("colour", {"colour": "blue"})
    with pytest.raises(ValueError, match="invalid literal"):
        router.build("vintage", {"name": "x", "year": "old"})


def test_a_converter_writes_its_values():
    class Joined(BaseConverter):
        def to_url(self, value: list[str]) -> str:
            return "+".join(value)

    router = Router(Map([Rule("/tags/<joined:tags>", endpoint="tags")], converters={"joined": Joined}))
    assert router.build("tags", {"tags": ["a", "b"]}) == "/tags/a+b"


def test_a_rule_class_that_builds_by_itself_is_left_alone():
    class Shouting(Rule):
        def build(self, values, append_unknown=True):
            return "", "/LOUD"

    assert Router(Map([Shouting("/quiet", endpoint="x")])).build("x", {}) is None


def test_a_map_that_sorts_its_parameters_is_left_to_werkzeug():
    assert Router(Map([Rule("/", endpoint="x")], sort_parameters=True)).build("x", {"b": 1, "a": 2}) is None


def test_the_rules_of_other_hosts_are_left_to_werkzeug():
    url_map = Map([Rule("/", endpoint="here"), Rule("/", endpoint="there", subdomain="api")])
    router = Router(url_map)
    assert router.build("here", {}) == "/"
    assert router.build("there", {}) is None
