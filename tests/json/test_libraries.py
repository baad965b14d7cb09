from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from demijohn import Flask, request, session
from demijohn.json.libraries import MsgspecJSONProvider, OrjsonJSONProvider


@pytest.fixture(params=[MsgspecJSONProvider, OrjsonJSONProvider])
def app(request):
    class App(Flask):
        json_provider_class = request.param

    return App("demijohn", root_path="/")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, 2.5, None, True], "a": "é"}, '{"a":"é","b":[1,2.5,null,true]}'),
        (datetime(2024, 2, 29, 12, 0, 5), '"2024-02-29T12:00:05"'),
        (Decimal("1.10"), '"1.10"'),
        (uuid.UUID(int=5), '"00000000-0000-0000-0000-000000000005"'),
        (float("nan"), "null"),
        (2**70, str(2**70)),
    ],
)
def test_values_are_written_compactly(app, value, text):
    assert app.json.dumps(value) == text


@pytest.mark.parametrize("value", [{1: 2}, {None: 1}, "\ud800", [{"a": {2: 1}}]])
def test_what_the_library_cannot_write_is_written_as_by_default(app, value):
    assert json.loads(app.json.dumps(value)) == json.loads(json.dumps(value))


def test_what_nobody_can_write_is_an_error(app):
    with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        app.json.dumps([object()])
    circle: list = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        app.json.dumps(circle)


def test_settings_may_change_at_any_time(app):
    assert app.json.dumps({"b": 1, "a": 1}) == '{"a":1,"b":1}'
    app.json.sort_keys = False
    assert app.json.dumps({"b": 1, "a": 1}) == '{"b":1,"a":1}'
    app.json.default = lambda o: "?"
    assert app.json.dumps([object()]) == '["?"]'


def test_values_are_read(app):
    assert app.json.loads('{"a": [1, 2.5, "\\u00e9"]}') == {"a": [1, 2.5, "é"]}
    assert app.json.loads(str(2**70)) == 2**70
    assert app.json.loads("1.5", parse_float=Decimal) == Decimal("1.5")


@pytest.mark.parametrize(
    "body",
    [
        "NaN",
        "1" * 5000,
        "[" * 2000 + "]" * 2000,
        "[" * 101 + "]" * 101,
        b'"\xff"',
        b'"\xed\xa0\x80"',
        "{",
        "",
    ],
)
def test_case_21_and_22_a_body_beyond_the_limits_is_a_value_error(app, body):
    with pytest.raises(ValueError):  # noqa: PT011 - each library has its own words
        app.json.loads(body)


def test_case_21_the_depth_limit_is_exact(app):
    assert app.json.loads("[" * 100 + "]" * 100)


def test_requests_and_responses_use_it(app):
    app.add_url_rule("/", view_func=lambda: {"got": request.get_json()}, methods=["POST"])
    client = app.test_client()
    response = client.post("/", json={"b": 1, "a": "é"})
    assert response.data == '{"got":{"a":"é","b":1}}\n'.encode()
    assert response.mimetype == "application/json"
    assert client.post("/", data="NaN", content_type="application/json").status_code == 400


def test_debug_mode_writes_for_people(app):
    app.debug = True
    assert app.json.response(a=1).data == b'{\n  "a": 1\n}\n'


def test_session_cookies_stay_flasks(app):
    app.secret_key = "key"
    when = datetime(2024, 2, 29, tzinfo=UTC)
    with app.app_context():
        serializer = app.session_interface.serializer
        assert serializer.dumps({"b": "é", "a": (when,)}) == (
            '{"a":{" t":[{" d":"Thu, 29 Feb 2024 00:00:00 GMT"}]},"b":"\\u00e9"}'
        )
    app.add_url_rule("/", view_func=lambda: repr(session.setdefault("when", (when,))))
    client = app.test_client()
    assert client.get("/").text == client.get("/").text
