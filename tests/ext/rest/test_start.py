"""What cannot be told from annotations is an error at start, which names view, parameter and mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import pytest
from msgspec import Struct

from demijohn import Flask
from demijohn.ext.rest import Api, BadSignature, Form, Path

if TYPE_CHECKING:
    from decimal import Decimal as Hidden


class Wine(Struct):
    name: str


class Session:
    pass


class Other:
    pass


def model_on_get(wine: Wine) -> str: ...
def two_bodies(wine: Wine, other: Wine) -> str: ...
def hidden_name(price: Hidden) -> str: ...
def nobody_makes(session: Session) -> str: ...
def no_annotation(n) -> str: ...
def not_in_rule(n: Annotated[int, Path()]) -> str: ...
def body_and_form(wine: Wine, n: Annotated[int, Form()]) -> str: ...
def starred(*names: str) -> str: ...


@pytest.mark.parametrize(
    ("view", "method", "parameter", "mend"),
    [
        (model_on_get, "get", "'wine'", r"Annotated\[Wine, Query\(\)\]"),
        (two_bodies, "post", "'wine' and 'other'", "one model with both"),
        (hidden_name, "get", "'price'", "not under TYPE_CHECKING"),
        (nobody_makes, "get", "'session'", "@api.provider"),
        (no_annotation, "get", "'n'", "n: int"),
        (not_in_rule, "get", "'n'", "no <n>"),
        (body_and_form, "post", "'n'", "one body"),
        (starred, "get", "'names'", "without"),
    ],
)
@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
def test_the_first_request_says_it_before_any_is_served(view, method, parameter, mend, protocol):
    app = Flask("start")
    api = Api(app)
    app.get("/plain")(lambda: "plain")
    getattr(api, method)("/")(view)
    with pytest.raises(BadSignature) as raised:
        app.test_client(protocol=protocol).get("/plain")
    assert f"test_start.{view.__name__}" in str(raised.value)
    assert parameter in str(raised.value)
    assert re.search(mend, str(raised.value))


def test_two_providers_of_one_type():
    api = Api(Flask("start"))

    @api.provider
    def first() -> Session: ...

    @api.provider
    def second() -> Iterator[Session]:
        yield Session()

    with pytest.raises(TypeError, match=r"second.*first.*both make"):
        api.bind_providers()


def test_providers_in_a_circle():
    app = Flask("start")
    api = Api(app)

    @api.provider
    def session(other: Other) -> Session: ...

    @api.provider
    def other(session: Session) -> Other: ...

    api.get("/")(nobody_makes)
    with pytest.raises(BadSignature, match="Session -> Other -> Session"):
        app.test_client().get("/")


def test_an_unknown_option_of_typed():
    from demijohn.ext.rest import typed

    with pytest.raises(TypeError, match="no option 'state'"):
        typed(state=201)


def test_views_that_are_not_typed_are_left_as_they_are():
    app = Flask("start")
    Api(app)

    @app.get("/<n>")
    def view(n: int = 1):
        return f"{n!r}"

    assert app.test_client().get("/5").text == "'5'"
