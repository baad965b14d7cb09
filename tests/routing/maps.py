"""Random maps, paths and values for comparing the router with Werkzeug."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, MapAdapter, ValidationError

from demijohn.routing import Map, Router, Rule

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
LITERALS = ["a", "b", "edit", "new", "file", "ä", "1", "x.y", "%41", "a b", "42"]
CONVERTERS = [
    "",
    "",
    "string:",
    "string(length=2):",
    "string(minlength=2):",
    "string(minlength=0):",
    "string(maxlength=3):",
    "string(minlength=2,maxlength=4):",
    "int:",
    "int:",
    "int(signed=True):",
    "int(fixed_digits=2):",
    "int(min=2,max=50):",
    "float:",
    "float(signed=True):",
    "uuid:",
    "any(a,edit,x):",
    "path:",
    "path:",
    "lower:",
    "even:",
    "rest:",
    "maybe:",
]
UUID = "12345678-1234-5678-1234-567812345678"
SEGMENTS = [
    *LITERALS, "", "", "7", "42", "99", "-3", "1.5", "-2.25", "x", "abc", "abcde", "file-a.txt", "file-.txt", "a-b",
    "1-2", "ä", "٣", "²", UUID, "ABC", "a\nb", "\n", "%", "%2F", "9" * 5000, "a--b", ".", "..", "xé",
]  # fmt: skip


class Lower(BaseConverter):
    """A converter with a pattern of its own, with a group in it."""

    regex = "([a-z]+)"
    weight = 80


class Even(BaseConverter):
    """A converter that refuses in `to_python` and in `to_url`."""

    regex = r"\d+"

    def to_python(self, value: str) -> int:
        if len(value) > 6 or int(value) % 2:
            raise ValidationError()
        return int(value)

    def to_url(self, value: Any) -> str:
        if value == 7:
            raise ValidationError()
        return str(value)


class Rest(BaseConverter):
    """A converter that takes everything, slashes at its start too."""

    regex = ".*"
    part_isolating = False
    weight = 300


class Maybe(BaseConverter):
    """A converter that matches an empty segment."""

    regex = "[a-z]*"


@st.composite
def rule_strings(draw: st.DrawFn) -> tuple[str, list[str]]:
    names = iter("pqrstuvw")
    used: list[str] = []

    def variable() -> str:
        used.append(next(names))
        return f"<{draw(st.sampled_from(CONVERTERS))}{used[-1]}>"

    parts: list[str] = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.integers(0, 9))
        if kind < 5:
            parts.append(draw(st.sampled_from(LITERALS)))
        elif kind < 8:
            parts.append(variable())
        elif kind == 8:
            parts.append(
                draw(st.sampled_from(["file-", "x", "v."])) + variable() + draw(st.sampled_from([".txt", ""]))
            )
        else:
            parts.append(variable() + "-" + variable() if draw(st.booleans()) else "")
    return "/" + "/".join(parts) + draw(st.sampled_from(["", "", "/"])), used


@st.composite
def rules(draw: st.DrawFn, endpoints: list[str]) -> Rule:
    text, names = draw(rule_strings())
    defaults: dict[str, Any] = {}
    if draw(st.integers(0, 4)) == 0:
        keys = draw(st.lists(st.sampled_from(["p", "q", "page"]), max_size=2))
        defaults = {key: draw(st.sampled_from([1, 42, "a"])) for key in keys}
    websocket = draw(st.integers(0, 9)) == 0
    methods = (
        draw(st.none() | st.lists(st.sampled_from(METHODS), min_size=1, max_size=3))
        if not websocket
        else None
    )
    return Rule(
        text,
        endpoint=draw(st.sampled_from(endpoints)),
        defaults=defaults or None,
        methods=methods,
        websocket=websocket,
        strict_slashes=draw(st.sampled_from([None, None, True, False])),
        merge_slashes=draw(st.sampled_from([None, None, True, False])),
        build_only=draw(st.integers(0, 19)) == 0,
        alias=draw(st.integers(0, 19)) == 0,
        redirect_to="/to" if draw(st.integers(0, 29)) == 0 else None,
    )


@st.composite
def maps(draw: st.DrawFn) -> Map:
    endpoints = draw(st.sampled_from([["one", "two"], [f"e{n}" for n in range(12)]]))
    url_map = Map(
        strict_slashes=draw(st.sampled_from([True, True, False])),
        merge_slashes=draw(st.sampled_from([True, True, False])),
        redirect_defaults=draw(st.sampled_from([True, True, False])),
        converters={"lower": Lower, "even": Even, "rest": Rest, "maybe": Maybe},
    )
    for rule in draw(st.lists(rules(endpoints), min_size=1, max_size=12)):
        try:
            url_map.add(rule)
        except ValueError:
            continue  # a default that the rule's own converter refuses
    return url_map


@st.composite
def paths(draw: st.DrawFn, url_map: Map) -> str:
    known = [rule.rule for rule in url_map.iter_rules()]
    if known and draw(st.integers(0, 3)):
        path = draw(st.sampled_from(known))
        while "<" in path:
            start, end = path.index("<"), path.index(">")
            path = path[:start] + draw(st.sampled_from(SEGMENTS)) + path[end + 1 :]
        change = draw(st.integers(0, 9))
        if change == 0:
            path += "/"
        elif change == 1:
            path = path.rstrip("/")
        elif change == 2:
            path = path.replace("/", "//", 1)
    else:
        path = "/".join(["", *draw(st.lists(st.sampled_from(SEGMENTS), max_size=5))])
    return path if path.startswith("/") else "/" + path


VALUES = [
    1, 2, 7, 42, "a", "edit", "ab", "ä b", "x/y", "/lead", "", None, 1.5, "5", True, ["a", "b"], [None], [], ("x",),
    b"by", "&=+ %", "~!$'()*,/:;?@",
]  # fmt: skip


@st.composite
def values_for(draw: st.DrawFn, url_map: Map, endpoint: str) -> dict[str, Any]:
    """Draw most of an endpoint's values, and some that are not its own."""
    known = {name for rule in url_map.iter_rules() if rule.endpoint == endpoint for name in rule.arguments}
    values = {name: draw(st.sampled_from(VALUES)) for name in sorted(known) if draw(st.integers(0, 7))}
    others = st.dictionaries(
        st.sampled_from(["k", "ä", "a b", "page", "p"]), st.sampled_from(VALUES), max_size=2
    )
    return values | draw(others)


def outcome(call: Callable[[], Any]) -> tuple[str, Any]:
    """Return what a call gave or raised, in a form that can be compared."""
    try:
        answer = call()
    except HTTPException as error:
        return type(error).__name__, sorted(getattr(error, "valid_methods", None) or ())
    except Exception as error:
        return type(error).__name__, None
    if isinstance(answer, tuple):
        return "match", (id(answer[0]), answer[1])
    return "answer", answer


def match_disagreement(
    router: Router, adapter: MapAdapter, path: str, method: str, websocket: bool
) -> str | None:
    """Return how the router's match differs from Werkzeug's; None where it does not, or is left to it."""
    answer = outcome(lambda: router.match(path, method, websocket))
    if answer == ("answer", None):
        return None
    expected = outcome(lambda: adapter.match(path, method, return_rule=True, websocket=websocket))
    return None if answer == expected else f"{path!r} {method}: {answer}, but Werkzeug {expected}"


def build_disagreement(
    router: Router,
    adapter: MapAdapter,
    endpoint: str,
    values: dict[str, Any],
    method: str | None,
    append: bool,
) -> str | None:
    """Return how the router's URL differs from Werkzeug's; None where it does not, or is left to it."""
    answer = outcome(lambda: router.build(endpoint, values, method, append))
    if answer == ("answer", None):
        return None
    expected = outcome(lambda: adapter.build(endpoint, values, method, append_unknown=append))
    return None if answer == expected else f"{endpoint} {values!r}: {answer}, but Werkzeug {expected}"
