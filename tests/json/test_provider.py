from __future__ import annotations

import io
import json
import uuid
import weakref
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from markupsafe import Markup

from demijohn import Flask
from demijohn.json.provider import DefaultJSONProvider, JSONProvider
from demijohn.policy import Policy


@pytest.fixture
def app():
    return Flask("demijohn", root_path="/")


@pytest.fixture
def provider(app):
    return DefaultJSONProvider(app)


@dataclass
class Bottle:
    size: int
    made: date


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2024, 2, 29, 12, 0, 5, tzinfo=UTC), "Thu, 29 Feb 2024 12:00:05 GMT"),
        (datetime(2024, 2, 29, 12, 0, 5), "Thu, 29 Feb 2024 12:00:05 GMT"),
        (datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=2))), "Thu, 29 Feb 2024 10:00:00 GMT"),
        (date(2024, 2, 29), "Thu, 29 Feb 2024 00:00:00 GMT"),
        (Decimal("1.10"), "1.10"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Markup("<b>"), "<b>"),
        (Bottle(75, date(2024, 2, 29)), {"size": 75, "made": "Thu, 29 Feb 2024 00:00:00 GMT"}),
    ],
)
def test_types_that_json_lacks_are_written(provider, value, written):
    assert json.loads(provider.dumps([value])) == [written]


@pytest.mark.parametrize("value", [object(), Bottle, {1, 2}, b"bytes"])
def test_other_types_are_named_in_the_error(provider, value):
    with pytest.raises(TypeError, match=f"Object of type {type(value).__name__} is not JSON serializable"):
        provider.dumps(value)


def test_keys_are_sorted_and_text_is_ascii_by_default(provider):
    assert provider.dumps({"b": 1, "a": "é"}) == '{"a": "\\u00e9", "b": 1}'


def test_settings_may_change_at_any_time(provider):
    value = {"b": {1}, "a": "é"}
    provider.default = list
    assert provider.dumps(value) == '{"a": "\\u00e9", "b": [1]}'
    provider.sort_keys = provider.ensure_ascii = False
    provider.default = str
    assert provider.dumps(value) == '{"b": "{1}", "a": "é"}'


def test_a_subclass_may_define_default_as_a_method(app):
    class Provider(DefaultJSONProvider):
        def default(self, o):
            return sorted(o) if isinstance(o, set) else super().default(o)

    provider = Provider(app)
    assert provider.dumps([{2, 1}, Decimal(1)]) == '[[1, 2], "1"]'


def test_arguments_of_json_dumps_win_over_the_settings(provider):
    assert provider.dumps({"b": 1, "a": 1}, sort_keys=False, separators=(",", ":")) == '{"b":1,"a":1}'
    assert provider.dumps([1], separators=[" ,", ":"]) == "[1]"
    assert provider.dumps([1, 2], indent=1) == "[\n 1,\n 2\n]"
    assert provider.dumps([1, 2], separators=None) == "[1, 2]"


def test_files_are_written_and_read(provider):
    file = io.StringIO()
    provider.dump({"a": 1}, file)
    file.seek(0)
    assert provider.load(file) == {"a": 1}
    assert provider.load(io.BytesIO(b"[1]")) == [1]


def test_loads_takes_the_arguments_of_json_loads(provider):
    assert provider.loads("1.5", parse_float=Decimal) == Decimal("1.5")


def test_the_limits_are_on_unless_the_policy_of_the_application_has_none(app):
    with pytest.raises(ValueError, match="NaN"):
        DefaultJSONProvider(app).loads("NaN")

    class Old(Flask):
        policy = Policy(strict_json=False)

    old = DefaultJSONProvider(Old("demijohn", root_path="/"))
    assert old.loads("Infinity") == float("inf")
    assert old.loads("[" * 200 + "]" * 200)


def test_the_limits_can_be_set(provider):
    provider.max_depth = 2
    with pytest.raises(ValueError, match="more than 2 deep"):
        provider.loads("[[[]]]")
    provider.strict = False
    assert provider.loads("[[[]]]") == [[[]]]


@pytest.mark.parametrize(
    ("args", "kwargs", "written"),
    [
        ((), {}, None),
        ((1,), {}, 1),
        (({"a": 1},), {}, {"a": 1}),
        ((1, 2), {}, [1, 2]),
        ((), {"a": 1}, {"a": 1}),
        (([],), {}, []),
    ],
)
def test_a_response_has_the_arguments_as_json(provider, args, kwargs, written):
    response = provider.response(*args, **kwargs)
    assert response.json == written
    assert response.mimetype == "application/json"
    assert response.data.endswith(b"\n")


def test_a_response_takes_positional_or_keyword_arguments(provider):
    with pytest.raises(TypeError, match="either args or kwargs, not both"):
        provider.response(1, a=2)


@pytest.mark.parametrize(
    ("debug", "compact", "body"),
    [
        (False, None, b'{"a":[1,2]}\n'),
        (True, None, b'{\n  "a": [\n    1,\n    2\n  ]\n}\n'),
        (True, True, b'{"a":[1,2]}\n'),
        (False, False, b'{\n  "a": [\n    1,\n    2\n  ]\n}\n'),
    ],
)
def test_a_response_is_compact_unless_debugging(app, provider, debug, compact, body):
    app.debug = debug
    provider.compact = compact
    assert provider.response(a=[1, 2]).data == body


def test_a_response_is_of_the_apps_class_and_the_providers_media_type(app, provider):
    class Special(app.response_class):
        pass

    app.response_class = Special
    provider.mimetype = "application/vnd.api+json"
    response = provider.response(1)
    assert type(response) is Special
    assert response.mimetype == "application/vnd.api+json"


def test_an_overridden_dumps_is_used_for_responses(app):
    class Shouting(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return super().dumps(obj, **kwargs).upper()

    assert Shouting(app).response("a").data == b'"A"\n'


def test_another_library_needs_dumps_and_loads_only(app):
    class Reversing(JSONProvider):
        def dumps(self, obj, **kwargs):
            return json.dumps(obj)[::-1]

        def loads(self, s, **kwargs):
            return json.loads(s[::-1])

    app.json = Reversing(app)
    app.add_url_rule("/", view_func=lambda: {"a": 1})
    response = app.test_client().get("/")
    assert response.data == b'}1 :"a"{'
    assert response.mimetype == "application/json"
    file = io.StringIO()
    app.json.dump([12], file)
    file.seek(0)
    assert app.json.load(file) == [12]


def test_a_bare_provider_is_not_implemented(app):
    with pytest.raises(NotImplementedError):
        JSONProvider(app).dumps(1)
    with pytest.raises(NotImplementedError):
        JSONProvider(app).loads("1")


def test_a_provider_does_not_keep_its_app():
    class Bare:
        debug = False
        policy = Policy()

    app = Bare()
    provider, gone = DefaultJSONProvider(app), weakref.ref(app)
    del app
    assert gone() is None
    assert provider.dumps(1) == "1"
