from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug import urls
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from demijohn.http.query import parse_form, parse_query

assert urls  # registers the error handler used below


def werkzeugs(text):
    return ImmutableMultiDict(parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote"))


@given(st.text(alphabet="ab=&+%4C3A9fFé; ", max_size=40))
@example("a=1&b=2&a=3")
@example("&&a&=&=b&a=b=c")
@example("%C3%A9=%E9%zz%4&+a+=+%2B")
@example("é%C3%A9%FF=é%ff")
@example("%41%42=%4a%4A&b=c%20d&%&%2&%zz=%7f%80")
def test_reads_what_werkzeug_reads(text):
    assert parse_query(text) == parse_query(text.encode()) == parse_form(text.encode()) == werkzeugs(text)


def test_result_is_immutable():
    with pytest.raises(TypeError):
        parse_query("a=1")["a"] = "2"


def test_bytes_that_are_not_utf8_stay_encoded():
    assert parse_query(b"a=\xff&b=\xc3\xa9") == ImmutableMultiDict({"a": "%FF", "b": "é"})


def test_case_6_escapes_are_decoded_once():
    assert parse_query("a=%2541")["a"] == "%41"


def test_case_9_too_many_query_fields_are_a_bad_request():
    assert len(parse_query("&".join(f"a{n}=1" for n in range(1000)))) == 1000
    with pytest.raises(BadRequest, match="query fields: 1001 sent, at most 1000") as caught:
        parse_query("&".join(f"a{n}=1" for n in range(1001)))
    assert caught.value.code == 400


def test_case_9_semicolon_never_separates():
    assert parse_query("a=1;b=2") == ImmutableMultiDict({"a": "1;b=2"})


class Unsplittable(str):
    """A string that may be counted but not split."""

    def split(self, *args):
        raise AssertionError("split before it was counted")


@pytest.mark.parametrize("body", ["a=b&" * 1_000_000, "&" * 1_000_000])
def test_case_16_a_million_fields_are_refused_unsplit(body):
    with pytest.raises(RequestEntityTooLarge, match="at most 1000"):
        parse_form(Unsplittable(body))


def test_limit_can_be_lifted():
    assert len(parse_form("&".join(f"a{n}" for n in range(2000)), max_fields=None)) == 2000
