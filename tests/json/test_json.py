"""The functions of `demijohn.json`, with and without a current application."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from demijohn import Flask, json


@pytest.fixture
def app():
    app = Flask("demijohn", root_path="/")
    app.json.sort_keys = True
    return app


def test_without_an_app_it_is_pythons_json_and_our_types():
    assert json.dumps({"b": Decimal("1.0"), "a": 1}) == '{"b": "1.0", "a": 1}'
    assert json.dumps({1}, default=list) == "[1]"
    assert json.loads(b'{"a": 1}') == {"a": 1}
    file = io.StringIO()
    json.dump([Decimal(1)], file)
    file.seek(0)
    assert json.load(file) == ["1"]


def test_with_an_app_it_is_the_apps_provider(app):
    class Tagged(type(app.json)):
        def dumps(self, obj, **kwargs):
            return "*" + super().dumps(obj, **kwargs)

        def loads(self, s, **kwargs):
            return super().loads(s[1:], **kwargs)

    app.json = Tagged(app)
    with app.app_context():
        assert json.dumps({"b": 1, "a": 1}) == '*{"a": 1, "b": 1}'
        assert json.loads("*1") == 1
        file = io.StringIO()
        json.dump([1], file)
        assert file.getvalue() == "*[1]"
        file.seek(0)
        assert json.load(file) == [1]


def test_jsonify_makes_a_response(app):
    with app.app_context():
        assert json.jsonify(a=1).json == {"a": 1}
        assert json.jsonify([1, 2]).json == [1, 2]
        assert json.jsonify().data == b"null\n"


def test_jsonify_without_an_app_says_so():
    with pytest.raises(RuntimeError, match="Working outside of application context"):
        json.jsonify(1)


def test_case_21_and_22_a_body_beyond_the_limits_is_answered_with_400(app):
    app.add_url_rule("/", view_func=lambda: str(__import__("demijohn").request.get_json()), methods=["POST"])
    client = app.test_client()
    for body in (b"[" * 2000 + b"]" * 2000, b"NaN", b"1" * 5000, b'"\xff"', b"{"):
        assert client.post("/", data=body, content_type="application/json").status_code == 400, body[:9]
    assert client.post("/", data=b"[1]", content_type="application/json").text == "[1]"
