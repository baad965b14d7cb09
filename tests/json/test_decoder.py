from __future__ import annotations

import json
import re
import time
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from demijohn.errors import JSONRefused
from demijohn.json.decoder import decode, decode_trusted

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(values, st.booleans(), st.sampled_from(["str", "utf-8", "utf-8-sig", "utf-16", "utf-32-be"]))
def test_what_is_json_is_read_as_json_loads_reads_it(value, ensure_ascii, encoding):
    text = json.dumps(value, ensure_ascii=ensure_ascii)
    assert decode(text if encoding == "str" else text.encode(encoding), 100) == json.loads(text)


everything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
)


@given(everything, st.booleans())
@example({"a": "\ud800", "b": float("nan"), "c": -0.0, "d": 2**200, "e": 1e22}, True)
def test_what_json_dumps_wrote_is_read_as_json_loads_reads_it(value, ensure_ascii):
    text = json.dumps(value, ensure_ascii=ensure_ascii)
    assert repr(decode_trusted(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", "[1,]", "nul", "\ufeff1", '"\x00"', "1 2", "{'a': 1}"])
def test_what_is_not_json_is_the_same_error(text):
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as ours:
        decode(text, 100)
    assert str(ours.value) == str(theirs.value)


def nested(depth):
    return (
        "[" * (depth // 2)
        + '{"a":' * (depth - depth // 2)
        + "1"
        + "}" * (depth - depth // 2)
        + "]" * (depth // 2)
    )


def test_case_21_the_depth_limit_is_exact():
    assert decode(nested(100), 100)
    with pytest.raises(JSONRefused, match="more than 100 deep"):
        decode(nested(101), 100)


# Beyond what each Python reads, and below: 1,000 on 3.11, ten times that from 3.13 on.
@pytest.mark.parametrize("depth", [101, 500, 2_000, 100_000])
def test_case_21_a_deep_body_is_a_value_error(depth):
    for text in (nested(depth), "[" * depth, '{"a":' * depth):
        with pytest.raises(JSONRefused, match="100 deep"):
            decode(text, 100)


@pytest.mark.parametrize("text", ['["' + "[" * 200, '["' + '\\"[' * 200 + '", nothing]', "[[]," * 60 + "x"])
def test_a_mistake_in_what_is_not_deep_is_a_mistake(text):
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError, match=re.escape(str(theirs.value))):
        decode(text, 100)


def test_case_20_looking_for_the_depth_of_a_broken_text_takes_linear_time():
    for text in ('["' + '\\"' * 200_000, "[]" * 200_000, '[""' * 50 + '"' * 400_000):
        began = time.process_time()
        with pytest.raises(json.JSONDecodeError):
            decode(text, 100)
        assert time.process_time() - began < 1


def test_case_21_without_a_limit_python_still_ends_it():
    assert decode(nested(500), None)
    with pytest.raises(JSONRefused):
        decode(nested(100_000), None)


def test_many_brackets_side_by_side_are_not_deep():
    assert len(decode("[" + ",".join(["[{}]"] * 1000) + "]", 3)) == 1000


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_scalar_has_no_depth(depth):
    assert decode('"[[["', depth) == "[[["
    with pytest.raises(JSONRefused):
        decode(nested(depth + 1), depth)


def test_brackets_in_text_are_not_deep():
    assert decode(json.dumps(["[" * 1000]), 1) == ["[" * 1000]


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_case_22_nan_and_infinities_are_refused(text):
    with pytest.raises(JSONRefused, match="is not a JSON value"):
        decode(text, 100)
    with pytest.raises(JSONRefused, match="is not a JSON value"):
        decode(text, 100, parse_float=Decimal)


def test_case_22_an_integer_of_5000_digits_is_a_value_error():
    with pytest.raises(ValueError, match="4300 digits"):
        decode("1" * 5000, 100)


@pytest.mark.parametrize("body", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc3', b"\xff\xfe1"])
def test_case_22_bytes_that_are_not_text_are_a_value_error(body):
    with pytest.raises(UnicodeDecodeError):
        decode(body, 100)


def test_arguments_of_json_loads_are_passed_on():
    assert decode("1.5", 100, parse_float=Decimal) == Decimal("1.5")
    assert decode('{"a": 1}', 100, object_pairs_hook=tuple) == (("a", 1),)
