"""Parsers: where they look, what they make of it, and what they refuse."""

from __future__ import annotations

import decimal
import io
import json

import pytest
from werkzeug.datastructures import FileStorage

from demijohn import Flask, request
from demijohn.ext import rest
from demijohn.ext.rest import Api, Resource, reqparse
from demijohn.ext.rest.inputs import int_range


def parse(parser, path="/", strict=False, http_error_code=400, **sent):
    """The values, or the status and what is told."""
    app = Flask("cellar")

    class Read(Resource):
        def get(self):
            read.append(parser.parse_args(strict=strict, http_error_code=http_error_code))

        post = get

    read = []
    Api(app).add_resource(Read, "/", "/<int:rack>")
    answer = app.test_client(use_cookies=False).open(path, **{"method": "POST", **sent})
    return read[0] if read else (answer.status_code, answer.json["message"])


def of(*args, **kwargs):
    return reqparse.RequestParser().add_argument(*args, **kwargs)


@pytest.mark.parametrize(
    "sent",
    [
        {"path": "/?name=a"},
        {"path": "/?name=a", "method": "GET"},
        {"data": {"name": "a"}},
        {"data": {"name": "a", "file": (io.BytesIO(b"x"), "x.txt")}},
        {"json": {"name": "a"}},
        {"path": "/?name=a", "method": "GET", "content_type": "application/json"},
        {"path": "/?name=a", "data": b"anything", "content_type": "text/csv"},
    ],
    ids=["query", "query of GET", "form", "multipart", "json", "json announced and not sent", "another body"],
)
def test_without_a_location_query_form_and_json_are_read(sent):
    assert parse(of("name", required=True), **sent) == {"name": "a"}


def test_broken_json_is_refused():
    assert parse(of("name"), data=b"{", content_type="application/json")[0] == 400


@pytest.mark.parametrize("body", [b"[1]", b'"a"', b"7", b"null"])
def test_json_without_names_has_none(body):
    sent = {"data": body, "content_type": "application/json"}
    for location in ("json", ("json", "values")):
        assert parse(of("a", location=location), **sent) == {"a": None}
        assert parse(of("a", location=location, required=True), **sent)[0] == 400


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("args", {"path": "/?x=1"}),
        ("form", {"data": {"x": "1"}}),
        ("values", {"data": {"x": "1"}}),
        ("json", {"json": {"x": 1}}),
        ("get_json", {"json": {"x": 1}}),
        ("headers", {"headers": {"X": "1"}}),
        ("cookies", {"headers": {"Cookie": "x=1"}}),
        (["headers", "args"], {"path": "/?x=1"}),
    ],
)
def test_each_location_is_looked_at(location, sent):
    assert parse(of("x", type=int, location=location), **sent) == {"x": 1}
    assert parse(of("x", type=int, location=location)) == {"x": None}


def test_a_variable_of_the_url_is_an_argument_too():
    app, read = Flask("cellar"), []

    class Rack(Resource):
        def get(self, rack):
            read.append(of("rack", location="view_args").parse_args())

    Api(app).add_resource(Rack, "/<int:rack>")
    app.test_client().get("/7")
    assert read == [{"rack": "7"}]


def test_a_file_is_an_argument():
    def sent():
        return {"label": (io.BytesIO(b"x"), "a.png")}

    assert parse(of("label", type=FileStorage, location="files"), data=sent()).label.filename == "a.png"
    assert parse(of("label", type=lambda file: file.stream.read(), location="files"), data=sent()) == {
        "label": b"x"
    }


@pytest.mark.parametrize(
    ("action", "query", "value"),
    [
        ("store", "x=1&x=2", 1),
        ("append", "x=1&x=2", [1, 2]),
        ("append", "x=1", [1]),
        ("collect", "x=1", 1),
        ("collect", "x=1&x=2", [1, 2]),
    ],
)
def test_actions_say_which_of_several_values_counts(action, query, value):
    assert parse(of("x", type=int, action=action), f"/?{query}") == {"x": value}


def test_a_list_of_json_is_appended():
    assert parse(of("x", type=int, action="append", location="json"), json={"x": [1, 2]}) == {"x": [1, 2]}
    assert parse(of("x", type=list, location="json"), json={"x": [1, 2]}) == {"x": [1, 2]}


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({}, {"x": None}),
        ({"default": 7}, {"x": 7}),
        ({"default": lambda: [1]}, {"x": [1]}),
        ({"store_missing": False}, {}),
        ({"dest": "y"}, {"y": None}),
    ],
)
def test_what_is_missing_has_its_default_or_is_left_out(options, value):
    assert parse(of("x", **options)) == value


@pytest.mark.parametrize(
    ("options", "query", "message"),
    [
        (
            {"required": True},
            "",
            "Missing required parameter in the JSON body or the post body or the query string",
        ),
        ({"required": True, "location": "headers"}, "", "Missing required parameter in the HTTP headers"),
        ({"type": int}, "x=a", "invalid literal for int() with base 10: 'a'"),
        (
            {"type": int, "help": "A number: {error_msg}"},
            "x=a",
            "A number: invalid literal for int() with base 10: 'a'",
        ),
        ({"type": int, "help": "As {this}"}, "x=a", "As {this}"),
        ({"choices": ("a", "b")}, "x=c", "c is not a valid choice"),
        ({"choices": ("a", "b"), "ignore": True}, "x=c", "c is not a valid choice"),
        ({"type": int_range(1, 5)}, "x=7", "Invalid argument: 7. argument must be within the range 1 - 5"),
    ],
)
def test_what_is_wrong_is_told(options, query, message):
    assert parse(of("x", **options), f"/?{query}") == (400, {"x": message})


def test_a_value_of_another_type_may_be_ignored():
    assert parse(of("x", type=int, ignore=True, default=7), "/?x=a") == {"x": 7}


def test_null_is_a_value_unless_it_is_refused():
    assert parse(of("x", type=int), json={"x": None}) == {"x": None}
    assert parse(of("x", type=int, nullable=False), json={"x": None}) == (400, {"x": "Must not be null!"})


def test_letters_of_any_size_are_compared_where_that_is_wanted():
    argument = reqparse.Argument("x", choices=["Red", "White"], case_sensitive=False)
    parser = reqparse.RequestParser().add_argument(argument)
    assert parse(parser, "/?x=RED") == {"x": "red"}
    assert argument.choices == ["Red", "White"]  # other requests are reading them


@pytest.mark.parametrize(("query", "value"), [("x=1", [1]), ("x%3E%3D=1", [1]), ("x%3C%3D=1", None)])
def test_operators_stand_between_name_and_value(query, value):
    # ">=" is written into the name: `x>==1` in a query is the name `x>=`, and "=" is dropped.
    parser = of("x", type=int, operators=["=", ">="], action="append")
    assert parse(parser, f"/?{query.replace('%3D', '')}") == {"x": value}


def test_a_type_may_take_the_name_and_the_operator():
    def both(value, name, op):
        return [value, name, op]

    assert parse(of("x", type=both), "/?x=1") == {"x": ["1", "x", "="]}
    assert parse(of("x", type=decimal.Decimal), json={"x": 1.1}) == {"x": decimal.Decimal("1.1")}


@pytest.mark.parametrize("how", ["parser", "setting"])
def test_all_that_is_wrong_is_told_together(how):
    parser = reqparse.RequestParser(bundle_errors=how == "parser")
    parser.add_argument("a", required=True).add_argument("b", type=int).add_argument("c", choices=("x",))
    parser.add_argument("d", type=lambda value: {}[value])
    app = Flask("cellar")
    app.config["BUNDLE_ERRORS"] = how == "setting"
    Api(app).add_resource(type("R", (Resource,), {"get": lambda self: parser.parse_args()}), "/")
    assert set(app.test_client().get("/?b=x&c=y&d=z").json["message"]) == set("abcd")


@pytest.mark.parametrize("bundle", [True, False])
def test_a_request_is_refused_with_the_status_asked_for(bundle):
    parser = reqparse.RequestParser(bundle_errors=bundle).add_argument("x", required=True)
    assert parse(parser, http_error_code=422)[0] == 422


def test_strictly_nothing_else_may_be_sent():
    parser = of("x")
    assert parse(parser, "/?x=1&y=2&z=3", strict=True) == (400, "Unknown arguments: y, z")
    assert parse(parser, "/?x=1", strict=True) == {"x": "1"}


@pytest.mark.parametrize(
    ("parsers", "arguments", "value"), [(True, None, "a"), (True, False, " a "), (False, True, "a")]
)
def test_white_space_is_taken_away_where_that_is_wanted(parsers, arguments, value):
    options = {} if arguments is None else {"trim": arguments}
    parser = reqparse.RequestParser(trim=parsers).add_argument("x", **options)
    assert parse(parser, "/?x=%20a%20") == {"x": value}


def test_parsers_read_inside_of_what_others_read():
    outer, inner = of("bottle", type=dict), of("year", type=int, location="bottle")
    app = Flask("cellar")

    class Bottle(Resource):
        def post(self):
            values = outer.parse_args()
            return [values, inner.parse_args(req=values)]

    Api(app).add_resource(Bottle, "/")
    client = app.test_client()
    assert client.post("/", json={"bottle": {"year": "1990"}}).json == [
        {"bottle": {"year": "1990"}}, {"year": 1990},
    ]  # fmt: skip
    assert client.post("/", json={"bottle": {"year": "old"}}).status_code == 400


def test_a_parser_is_copied_and_changed():
    parser = of("a").add_argument("b")
    other = parser.copy().replace_argument("a", type=int).remove_argument("b").add_argument("c")
    assert [argument.name for argument in parser.args] == ["a", "b"]
    assert [(argument.name, argument.type) for argument in other.args] == [
        ("a", int), ("c", reqparse.text_type),
    ]  # fmt: skip


def test_values_are_items_and_attributes():
    values = reqparse.Namespace(a=1)
    values.b = 2
    assert (values.a, values["b"]) == (1, 2)
    with pytest.raises(AttributeError, match="c"):
        _ = values.c


def test_an_argument_says_what_it_is():
    argument = reqparse.Argument("x", type=int, choices=[1, 2, 3, 4, 5, 6])
    assert "choices: [1, 2, 3, '...', 6]" in str(argument)
    assert "action='store'" in repr(argument)


def test_a_test_may_replace_abort_in_the_package(monkeypatch):
    refused = []
    monkeypatch.setattr(rest, "abort", lambda status, **members: refused.append((status, members)))
    with Flask("cellar").test_request_context("/"):
        of("x", required=True).parse_args(request)
    assert refused[0][0] == 400
    assert json.dumps(refused[0][1])
