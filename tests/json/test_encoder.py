from __future__ import annotations

import enum
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from demijohn.json.encoder import encode_flat, make_encoder

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
keys = st.text() | st.integers() | st.booleans() | st.none() | st.floats()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=3),
)
separators = st.sampled_from([(", ", ": "), (",", ":"), (" ,", " :")])


def outcome(encode, value):
    try:
        return encode(value)
    except (TypeError, ValueError) as error:
        return type(error), str(error)


@given(values, st.booleans(), st.booleans(), separators)
def test_the_text_is_that_of_json_dumps(value, ensure_ascii, sort_keys, separators):
    def plain(value):
        return json.dumps(value, ensure_ascii=ensure_ascii, sort_keys=sort_keys, separators=separators)

    encode = make_encoder(None, ensure_ascii, sort_keys, separators)
    assert outcome(encode, value) == outcome(plain, value)


class Colour(enum.IntEnum):
    RED = 3


class Word(str):
    pass


@pytest.mark.parametrize("value", [Colour.RED, Word("w"), {Word("k"): Colour.RED}, True, 1e400])
def test_subclasses_are_written_as_json_dumps_writes_them(value):
    assert make_encoder(None, True, False, (", ", ": "))(value) == json.dumps(value)


def test_default_is_asked_for_what_json_does_not_know():
    assert make_encoder(sorted, True, False, (",", ":"))({"a": {2, 1}}) == '{"a":[1,2]}'


def test_without_default_the_type_is_named():
    with pytest.raises(TypeError, match="Object of type set is not JSON serializable"):
        make_encoder(None, True, False, (",", ":"))({1})


def test_a_structure_that_contains_itself_is_a_value_error():
    circular: list = []
    circular.append({"again": circular})
    with pytest.raises(ValueError, match="Circular reference detected"):
        make_encoder(None, True, True, (",", ":"))(circular)


def test_a_default_that_returns_its_argument_is_a_value_error():
    with pytest.raises(ValueError, match="Circular reference detected"):
        make_encoder(lambda o: o, True, True, (",", ":"))(object())


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
@example({"b": 2**70, "a": -(2**63), "A": True, '"\\/\x00\x1f': None})
@example({"a": "\x7f"})
@example({"a": "\ud800"})
def test_a_flat_dictionary_is_written_as_json_dumps_writes_it(value):
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    plain = all(
        part.isascii() and "\x7f" not in part for part in (*value, *value.values()) if isinstance(part, str)
    )
    assert encode_flat(value) == (text if plain else None)
