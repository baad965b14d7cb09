from __future__ import annotations

import uuid
from collections import OrderedDict
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from demijohn import Flask
from demijohn.json.tag import JSONTag, TaggedJSONSerializer

# Keys that are tags, or look like escaped ones, so that random data runs into them.
keys = st.text(max_size=4) | st.sampled_from([" t", " b", " di", " d", " u", " m", " t__"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.uuids()
    | st.builds(Markup, st.text())
    | st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)).map(
        lambda d: d.replace(microsecond=0, fold=0)
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
    ),
)


@pytest.fixture
def serializer():
    return TaggedJSONSerializer()


@given(values)
def test_what_is_written_comes_back_with_its_types(value):
    serializer = TaggedJSONSerializer()
    back = serializer.loads(serializer.dumps(value))
    assert back == value
    assert repr(back) == repr(value)


# Recorded from Flask 3.1.3, without an application.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": "é"}, '{"b":1,"a":"\\u00e9"}'),
        ((1, [(), {}]), '{" t":[1,[{" t":[]},{}]]}'),
        (b"\x00\xff", '{" b":"AP8="}'),
        (Markup("<b>"), '{" m":"<b>"}'),
        (uuid.UUID(int=5), '{" u":"00000000000000000000000000000005"}'),
        (datetime(2024, 2, 29, 12, 0, 5, tzinfo=UTC), '{" d":"Thu, 29 Feb 2024 12:00:05 GMT"}'),
        ({" t": [1]}, '{" di":{" t__":[1]}}'),
        ({" t": (1,)}, '{" di":{" t__":{" t":[1]}}}'),
        ({" x": 1}, '{" x":1}'),
        ({" t": 1, "b": 2}, '{" t":1,"b":2}'),
        ({1: True}, '{"1":true}'),
    ],
)
def test_the_text_is_flasks(serializer, value, text):
    assert serializer.dumps(value) == text


@given(values)
@example({" t": 1})
@example({" t": 1, "a": 2})
@example({"a": "\x7f", "b": "é"})
def test_with_an_application_the_text_is_sorted_and_no_other(value):
    serializer, app = TaggedJSONSerializer(), Flask("tags")
    with app.app_context():
        assert serializer.dumps(value) == app.json.dumps(serializer.tag(value), separators=(",", ":"))


def test_an_escaped_tag_is_a_tag(serializer):
    assert serializer.loads('{"\\u0020t": [1]}') == (1,)


def test_other_types_raise(serializer):
    with pytest.raises(TypeError, match="not JSON serializable"):
        serializer.dumps({1, 2})


class TagOrderedDict(JSONTag):
    __slots__ = ()
    key = " od"

    def check(self, value):
        return isinstance(value, OrderedDict)

    def to_json(self, value):
        return [[key, self.serializer.tag(item)] for key, item in value.items()]

    def to_python(self, value):
        return OrderedDict(value)


def test_a_tag_put_first_is_asked_before_the_general_one(serializer):
    serializer.register(TagOrderedDict, index=0)
    value = OrderedDict(b=(1,), a=2)
    back = serializer.loads(serializer.dumps(value))
    assert type(back) is OrderedDict
    assert back == value


class TagShout(JSONTag):
    __slots__ = ()
    key = "shout"

    def check(self, value):
        return isinstance(value, str) and value.isupper()

    def to_json(self, value):
        return value.lower()

    def to_python(self, value):
        return value.upper()


def test_a_tag_may_be_for_text_and_have_any_key(serializer):
    serializer.register(TagShout)
    assert serializer.dumps(["A", "b"]) == '[{"shout":"a"},"b"]'
    assert serializer.loads('[{"shout":"a"},"b"]') == ["A", "b"]


def test_a_key_is_taken_once_unless_forced(serializer):
    class Other(JSONTag):
        key = " t"

    with pytest.raises(KeyError, match="Tag ' t' is already registered"):
        serializer.register(Other)
    serializer.register(Other, force=True, index=1)
    assert type(serializer.tags[" t"]) is Other
    assert type(serializer.order[1]) is Other


def test_a_bare_tag_is_not_implemented(serializer):
    tag = JSONTag(serializer)
    for method in (tag.check, tag.to_json, tag.to_python):
        with pytest.raises(NotImplementedError):
            method(1)


def test_untag_leaves_what_is_no_tag(serializer):
    for value in ({}, {"a": 1}, {" t": [1], "b": 2}):
        assert serializer.untag(value) == value
    assert serializer.untag({" t": [1]}) == (1,)


def test_an_overridden_tag_is_asked_for_everything():
    class Wrapping(TaggedJSONSerializer):
        def tag(self, value):
            return {"wrapped": value} if "a" in value else super().tag(value)

    with Flask("tags").app_context():
        assert Wrapping().dumps({"a": 1, "b": 2}) == '{"wrapped":{"a":1,"b":2}}'
