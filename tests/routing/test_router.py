"""What the router answers by itself, what it refuses, and what it leaves to Werkzeug."""

from __future__ import annotations

import threading
import uuid

import pytest
from werkzeug import routing as werkzeug_routing
from werkzeug.exceptions import MethodNotAllowed, NotFound

from demijohn.routing import IntegerConverter, Map, Router, Rule

IDENTIFIER = "12345678-1234-5678-1234-567812345678"


def shop() -> Map:
    """An ordinary map: literals, variables, strict slashes, static files."""
    return Map([
        Rule("/", endpoint="index", methods=["GET"]),
        Rule("/about", endpoint="about", methods=["GET"]),
        Rule("/wines/", endpoint="wines", methods=["GET"]),
        Rule("/wines/", endpoint="add_wine", methods=["POST"]),
        Rule("/wines/new", endpoint="new_wine", methods=["GET"]),
        Rule("/wines/<name>", endpoint="wine", methods=["GET"]),
        Rule("/wines/<int:number>", endpoint="wine_number", methods=["GET"]),
        Rule("/wines/<name>/notes/<int:note>", endpoint="note", methods=["GET", "PUT"]),
        Rule("/cellar/<int:row>/<int:place>/", endpoint="place", methods=["GET"]),
        Rule("/static/<path:filename>", endpoint="static", methods=["GET"]),
        Rule("/live", endpoint="live", websocket=True),
    ])  # fmt: skip


@pytest.fixture(scope="module")
def router() -> Router:
    return Router(shop())


@pytest.mark.parametrize(
    ("path", "endpoint", "values"),
    [
        ("/", "index", {}),
        ("/about", "about", {}),
        ("/wines/", "wines", {}),
        ("/wines/new", "new_wine", {}),
        ("/wines/7", "wine_number", {"number": 7}),
        ("/wines/7a", "wine", {"name": "7a"}),
        ("/wines/château d'y", "wine", {"name": "château d'y"}),
        ("/wines/new/notes/3", "note", {"name": "new", "note": 3}),
        ("/cellar/1/02/", "place", {"row": 1, "place": 2}),
        ("/static/a/b//c.css", "static", {"filename": "a/b//c.css"}),
    ],
)
def test_the_most_specific_rule_matches(router, path, endpoint, values):
    rule, found = router.match(path, "GET")
    assert (rule.endpoint, found) == (endpoint, values)


@pytest.mark.parametrize(
    "path", ["/nope", "/wines/a/b", "/cellar/x/1/", "/static/", "/static/a\nb", "/a/b/c/d/e/f", "/About"]
)
def test_a_path_that_no_rule_has_is_not_found(router, path):
    with pytest.raises(NotFound):
        router.match(path, "GET")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/about", {"GET", "HEAD"}),
        ("/wines/", {"GET", "HEAD", "POST"}),
        ("/wines/7", {"GET", "HEAD"}),
        ("/wines/7/notes/1", {"GET", "HEAD", "PUT"}),
    ],
)
def test_a_method_that_no_rule_has_is_refused_with_those_that_are_served(router, path, allowed):
    with pytest.raises(MethodNotAllowed) as caught:
        router.match(path, "DELETE")
    assert set(caught.value.valid_methods) == allowed


def test_case_7_an_unknown_method_is_not_allowed(router):
    for path in ("/about", "/wines/7"):
        with pytest.raises(MethodNotAllowed):
            router.match(path, "HELPER")


@pytest.mark.parametrize("digits", [4301, 5000, 100_000])
def test_case_8_an_integer_of_thousands_of_digits_is_not_found(digits):
    router = Router(Map([Rule("/n/<int:n>", endpoint="n", methods=["GET"])]))
    with pytest.raises(NotFound):
        router.match("/n/" + "1" * digits, "GET")


@pytest.mark.parametrize("path", ["//evil.com", "//evil.com/x", "//wines", "///"])
def test_case_5_a_path_that_starts_with_two_slashes_is_left_to_werkzeug(router, path):
    assert router.match(path, "GET") is None


@pytest.mark.parametrize("path", ["/wines", "/cellar/1/2", "/wines//new", "/wines/7//notes/1", ""])
def test_what_werkzeug_may_redirect_is_left_to_it(router, path):
    assert router.match(path, "GET") is None


@pytest.mark.parametrize("path", ["*", "wines/7", "http://host/wines/7"])
def test_a_path_without_a_slash_at_its_start_is_left_to_werkzeug(router, path):
    assert router.match(path, "GET") is None


def test_the_method_may_be_in_lower_case(router):
    assert router.match("/about", "get")[0].endpoint == "about"
    assert router.match("/wines/7", "get")[1] == {"number": 7}


def test_a_websocket_matches_only_websocket_rules(router):
    assert router.match("/live", "GET", websocket=True)[0].endpoint == "live"
    assert router.match("/live", "GET") is None
    assert router.match("/about", "GET", websocket=True) is None


def test_every_match_gives_its_own_arguments(router):
    first, second = router.match("/about", "GET")[1], router.match("/about", "GET")[1]
    assert first is not second
    first, second = router.match("/wines/7", "GET")[1], router.match("/wines/7", "GET")[1]
    assert first is not second


def test_defaults_are_among_the_arguments():
    rules = [Rule("/", endpoint="page", defaults={"n": 1}), Rule("/<int:n>", endpoint="page")]
    router = Router(Map(rules))
    assert router.match("/", "GET")[1] == {"n": 1}
    assert router.match("/2", "GET")[1] == {"n": 2}


def test_a_value_that_is_the_default_of_another_rule_is_left_to_werkzeug():
    rules = [Rule("/", endpoint="page", defaults={"n": 1}), Rule("/<int:n>", endpoint="page")]
    assert Router(Map(rules)).match("/1", "GET") is None


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        ("string(length=2)", "de", "de"),
        ("string(minlength=2)", "abc", "abc"),
        ("string(maxlength=3)", "abc", "abc"),
        ("int", "٣", 3),
        ("int(fixed_digits=4)", "0042", 42),
        ("int(signed=True)", "-5", -5),
        ("int(min=2, max=9)", "9", 9),
        ("float", "1.50", 1.5),
        ("float(signed=True)", "-0.5", -0.5),
        ("uuid", IDENTIFIER, uuid.UUID(IDENTIFIER)),
        ('any(red, white, "sparkling wine")', "sparkling wine", "sparkling wine"),
        ("path", "a/b", "a/b"),
    ],
)
def test_each_converter_gives_its_type(converter, text, value):
    router = Router(Map([Rule(f"/x/<{converter}:v>", endpoint="x")]))
    assert router.match(f"/x/{text}", "GET")[1] == {"v": value}


@pytest.mark.parametrize(
    ("converter", "text"),
    [
        ("string(length=2)", "d"),
        ("string(length=2)", "def"),
        ("string(minlength=2)", "a"),
        ("string(maxlength=3)", "abcd"),
        ("int", "²"),
        ("int", "-5"),
        ("int", "1_0"),
        ("int", " 1"),
        ("int(fixed_digits=4)", "42"),
        ("int(min=2, max=9)", "1"),
        ("int(min=2, max=9)", "10"),
        ("float", "1"),
        ("float", "-1.0"),
        ("float", "inf"),
        ("uuid", IDENTIFIER[:-1]),
        ("any(red, white)", "redwhite"),
    ],
)
def test_each_converter_refuses_what_is_not_its_own(converter, text):
    router = Router(Map([Rule(f"/x/<{converter}:v>", endpoint="x")]))
    with pytest.raises(NotFound):
        router.match(f"/x/{text}", "GET")


def test_a_value_out_of_range_ends_the_search_as_in_werkzeug():
    url_map = Map([Rule("/<int(max=5):n>", endpoint="n"), Rule("/<text>", endpoint="text")])
    with pytest.raises(NotFound):
        url_map.bind("host").match("/6")
    with pytest.raises(NotFound):
        Router(url_map).match("/6", "GET")
    assert Router(url_map).match("/six", "GET")[0].endpoint == "text"


def test_a_converter_by_another_class_under_a_known_name_is_called():
    class Halved(IntegerConverter):
        def to_python(self, value: str) -> int:
            return super().to_python(value) // 2

    router = Router(Map([Rule("/<int:n>", endpoint="n")], converters={"int": Halved}))
    assert router.match("/8", "GET")[1] == {"n": 4}


def test_what_a_converter_raises_reaches_the_caller():
    class Broken(werkzeug_routing.BaseConverter):
        def to_python(self, value: str) -> str:
            raise ValueError(value)

    router = Router(Map([Rule("/<x:v>", endpoint="x")], converters={"x": Broken}))
    with pytest.raises(ValueError, match="wine"):
        router.match("/wine", "GET")


def test_a_variable_and_text_share_a_segment():
    router = Router(Map([Rule("/file-<name>.txt", endpoint="f"), Rule("/<int:a>-<int:b>", endpoint="r")]))
    assert router.match("/file-x.y.txt", "GET")[1] == {"name": "x.y"}
    assert router.match("/3-14", "GET")[1] == {"a": 3, "b": 14}


def test_rules_go_on_after_a_path():
    router = Router(Map([Rule("/<path:page>/edit", endpoint="edit"), Rule("/<path:page>/", endpoint="page")]))
    assert router.match("/a/b/edit", "GET")[1] == {"page": "a/b"}
    assert router.match("/a/b/", "GET")[1] == {"page": "a/b"}
    assert router.match("/a/b", "GET") is None


def test_a_rule_lenient_about_its_slash_matches_both_ways():
    rules = [Rule("/a", endpoint="a"), Rule("/b/", endpoint="b"), Rule("/c/<v>/", endpoint="c")]
    router = Router(Map(rules, strict_slashes=False))
    for path in ("/a", "/a/", "/b", "/b/", "/c/1", "/c/1/"):
        assert router.match(path, "GET") is not None


def test_rules_that_redirect_are_left_to_werkzeug_and_counted():
    url_map = Map([
        Rule("/new", endpoint="new"),
        Rule("/old", endpoint="old", redirect_to="/new"),
        Rule("/also", endpoint="new", alias=True),
        Rule("/elsewhere", endpoint="elsewhere", build_only=True),
    ])  # fmt: skip
    router = Router(url_map)
    assert router.match("/old", "GET") is None
    assert router.match("/also", "GET") is None
    assert router.coverage == (1, 2)


@pytest.mark.parametrize(
    "url_map",
    [
        Map([Rule("/", endpoint="a"), Rule("/", endpoint="b", subdomain="api")]),
        Map([Rule("/", endpoint="a"), Rule("/", endpoint="b", subdomain="<user>")]),
        Map([Rule("/", endpoint="a", host="a.example"), Rule("/", endpoint="b")], host_matching=True),
    ],
)
def test_maps_of_several_hosts_are_left_to_werkzeug(url_map):
    router = Router(url_map)
    assert router.coverage == (0, 2)
    assert router.static_routes == {}
    assert router.match("/", "GET") is None
    assert router.match("/nope", "GET") is None


def test_a_default_subdomain_is_the_routers_own():
    router = Router(Map([Rule("/x/<v>", endpoint="x")], default_subdomain="www"))
    assert router.match("/x/1", "GET")[1] == {"v": "1"}
    assert router.build("x", {"v": 1}) == "/x/1"


def test_an_ordinary_map_is_covered_whole(router):
    assert router.coverage == (11, 0)


def test_static_routes_hold_plain_literal_rules_only(router):
    assert set(router.static_routes) == {"/", "/about", "/wines/", "/wines/new"}
    assert set(router.static_routes["/wines/"]) == {"GET", "HEAD", "POST"}
    assert router.static_routes["/wines/"]["POST"].endpoint == "add_wine"


def test_static_routes_leave_out_what_needs_a_second_look():
    url_map = Map([
        Rule("/defaults", endpoint="a", defaults={"n": 1}),
        Rule("/redirect", endpoint="b", redirect_to="/defaults"),
        Rule("/socket", endpoint="c", websocket=True),
        Rule("/<v>", endpoint="d"),
        Rule("/lenient", endpoint="e", strict_slashes=False),
    ])  # fmt: skip
    assert set(Router(url_map).static_routes) == {"/lenient"}


def test_a_rule_for_any_method_takes_unheard_of_ones():
    router = Router(Map([Rule("/any", endpoint="any"), Rule("/any/<v>", endpoint="v")]))
    assert router.match("/any", "BREW")[0].endpoint == "any"
    assert router.match("/any/1", "BREW")[0].endpoint == "v"


def test_a_plain_rule_of_werkzeug_in_the_map_is_matched():
    url_map = Map([werkzeug_routing.Rule("/plain/<v>", endpoint="plain")])
    assert Router(url_map).match("/plain/1", "GET")[1] == {"v": "1"}


@pytest.mark.parametrize("lengths", ["minlength=3, maxlength=2", "length=99999999999"])
def test_a_pattern_that_does_not_compile_is_left_to_werkzeug(lengths):
    router = Router(Map([Rule("/", endpoint="index"), Rule(f"/<string({lengths}):v>", endpoint="v")]))
    assert router.match("/x", "GET") is None
    assert router.coverage == (0, 2)


def test_an_empty_map_finds_nothing():
    with pytest.raises(NotFound):
        Router(Map()).match("/", "GET")


def test_making_a_router_calls_no_converter():
    calls: list[str] = []

    class Watched(werkzeug_routing.BaseConverter):
        def to_python(self, value: str) -> str:
            calls.append(value)
            return value

    rules = [
        Rule("/a/", endpoint="a", strict_slashes=False),
        Rule("/<w:v>", endpoint="b"),
        Rule("/a", endpoint="c"),
    ]
    Router(Map(rules, converters={"w": Watched}))
    assert calls == []


def test_five_hundred_rules_that_share_literals_stay_apart():
    rules = [Rule(f"/api/v1/thing{n}/<int:i>/<what>", endpoint=f"e{n}") for n in range(500)]
    router = Router(Map(rules))
    assert router.match("/api/v1/thing499/3/x", "GET")[0].endpoint == "e499"
    with pytest.raises(NotFound):
        router.match("/api/v1/thing500/3/x", "GET")


def test_threads_share_a_router(router):
    wrong: list[object] = []

    def ask(number: int) -> None:
        for _ in range(300):
            _rule, values = router.match(f"/wines/{number}", "GET")
            if values != {"number": number}:
                wrong.append(values)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
