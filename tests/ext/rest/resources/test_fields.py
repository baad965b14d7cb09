"""Fields: where a value is looked for, and how it is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from demijohn import Blueprint, Flask
from demijohn.ext.rest import fields, marshal

LONG = "634271127864378216478362784632784678324.23432"
EAST = timezone(timedelta(hours=2))


def sent(field, value):
    return marshal({"x": value}, {"x": field})["x"]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (fields.Raw, [1], [1]),
        (fields.String, 7, "7"),
        (fields.String, None, None),
        (fields.String(default="none"), None, "none"),
        (fields.Integer, "7", 7),
        (fields.Integer, None, 0),
        (fields.Integer(default=None), None, None),
        (fields.Float, "1.5", 1.5),
        (fields.Boolean, [], False),
        (fields.Boolean, "0", True),
        (fields.Arbitrary, LONG, LONG),
        (fields.Fixed, "3.14159265", "3.14159"),
        (fields.Fixed(decimals=1), "0.25", "0.2"),
        (fields.Fixed(decimals=0), "1.5", "2"),
        (fields.Price(decimals=2), 0, "0.00"),
        (fields.DateTime, datetime(2024, 2, 29, 18, 30), "Thu, 29 Feb 2024 18:30:00 -0000"),
        (fields.DateTime, datetime(2024, 2, 29, 18, 30, tzinfo=EAST), "Thu, 29 Feb 2024 16:30:00 -0000"),
        (fields.DateTime(dt_format="iso8601"), datetime(2024, 2, 29, 18, 30, tzinfo=UTC), "2024-02-29T18:30:00+00:00"),
        (fields.DateTime(dt_format="iso8601"), date(2024, 2, 29), "2024-02-29"),
        (fields.List(fields.Integer), ["1", 2.0], [1, 2]),
        (fields.List(fields.Integer), {3}, [3]),
        (fields.List(fields.Integer), (n for n in "12"), [1, 2]),
        (fields.List(fields.Integer), None, None),
        (fields.List(fields.List(fields.String)), [[1], [2]], [["1"], ["2"]]),
        (fields.List(fields.String(attribute="name")), [{"name": 1}, {"name": 2}], ["1", "2"]),
        (fields.List(fields.String(attribute="name")), [SimpleNamespace(name=1)], ["1"]),
        (fields.List(fields.FormattedString("{a}!")), [{"a": 1}], ["1!"]),
        (fields.List(fields.Raw), [{"a": 1}], [{"a": 1}]),
        (fields.List(fields.Nested({"a": fields.String})), [{"a": 1}, {"a": 2}], [{"a": "1"}, {"a": "2"}]),
        (fields.List(fields.Nested({"a": fields.String})), {"a": 1}, [{"a": "1"}]),
        (fields.Nested({"a": fields.String}), {"a": 1, "b": 2}, {"a": "1"}),
        (fields.Nested({"a": fields.Integer}), None, {"a": 0}),
        (fields.Nested({"a": fields.Integer}, allow_null=True), None, None),
        (fields.Nested({"a": fields.Integer}, default={}), None, {}),
        (fields.Nested({"a": fields.Integer}), [{"a": 1}], [{"a": 1}]),
    ],
)  # fmt: skip
def test_a_value_is_sent_as_its_field_says(field, value, expected):
    assert sent(field, value) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.Integer, "old"),
        (fields.Float, "old"),
        (fields.Arbitrary, "old"),
        (fields.Fixed, "NaN"),
        (fields.Fixed, "1E+40"),
        (fields.DateTime, "today"),
        (fields.DateTime(dt_format="julian"), datetime(2024, 2, 29)),
    ],
)
def test_a_value_that_cannot_be_sent_is_told(field, value):
    with pytest.raises(fields.MarshallingException):
        sent(field, value)


@pytest.mark.parametrize("wrong", [str, "text", fields.MarshallingException])
def test_a_list_is_of_fields(wrong):
    with pytest.raises(fields.MarshallingException, match="made of fields"):
        fields.List(wrong)


class Bottle:
    def __init__(self):
        self.name = "Merlot"
        self.vintage = {"year": 1998, "place": SimpleNamespace(rack=[7, 8])}

    @property
    def label(self):
        return f"{self.name}!"


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("name", "Merlot"),
        ("label", "Merlot!"),
        ("vintage.year", "1998"),
        ("vintage.place.rack", "[7, 8]"),
        ("vintage.nothing.at.all", None),
        (lambda bottle: bottle.name[:3], "Mer"),
    ],
)
def test_a_value_is_found_by_its_path(attribute, expected):
    assert marshal(Bottle(), {"x": fields.String(attribute=attribute)}) == {"x": expected}


def test_objects_and_dictionaries_and_lists_of_them_are_marshalled():
    made = {
        "name": fields.String,
        "more": {"label": fields.String, "year": fields.Integer(attribute="vintage.year")},
    }
    one = {"name": "Merlot", "more": {"label": "Merlot!", "year": 1998}}
    assert marshal(Bottle(), made) == one
    assert marshal([Bottle(), Bottle()], made, envelope="all") == {"all": [one, one]}
    assert marshal((Bottle(),), made) == [one]
    assert list(marshal(Bottle(), made)) == ["name", "more"]


def test_an_object_may_have_its_own_idea_of_what_is_sent():
    class Own:
        def __marshallable__(self):
            return {"a": 7}

    assert marshal(Own(), {"x": fields.FormattedString("{a}")}) == {"x": "7"}
    with pytest.raises(fields.MarshallingException):
        fields.FormattedString("{0[a]}").output("x", [1, 2])


def test_a_url_has_the_values_of_the_object():
    app, bottle = Flask("cellar"), {"number": 7, "other": 1}
    app.add_url_rule("/bottles/<int:number>", "bottle", lambda number: "")
    blueprint = Blueprint("rack", __name__, url_prefix="/rack")
    blueprint.add_url_rule("/<int:number>", "place", lambda number: "")
    app.register_blueprint(blueprint)
    with app.test_request_context("/rack/7"):
        made = {
            "here": fields.Url(),
            "bottle": fields.Url("bottle"),
            "near": fields.Url(".place"),
            "whole": fields.Url("bottle", absolute=True),
            "safe": fields.Url("bottle", absolute=True, scheme="https"),
        }
        expected = {
            "here": "/rack/7",
            "bottle": "/bottles/7",
            "near": "/rack/7",
            "whole": "http://localhost/bottles/7",
            "safe": "https://localhost/bottles/7",
        }
        assert marshal(bottle, made) == marshal(SimpleNamespace(**bottle), made) == expected
        with pytest.raises(fields.MarshallingException):
            marshal(None, {"x": fields.Url("bottle")})
