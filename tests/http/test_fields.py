from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequestKeyError

from demijohn.http.fields import Fields, collect

pairs = st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=3)), max_size=6)


@given(pairs)
def test_it_reads_as_werkzeugs_does(pairs):
    ours, theirs = collect(pairs), ImmutableMultiDict(pairs)
    assert ours == theirs
    assert repr(ours) == repr(theirs)
    assert hash(ours) == hash(theirs)
    assert list(ours.items(multi=True)) == list(theirs.items(multi=True))
    for key in "abcd":
        assert ours.get(key, "none") == theirs.get(key, "none")
        assert ours.getlist(key) == theirs.getlist(key)
        if key in theirs:
            assert ours[key] == theirs[key]


def test_a_missing_key_is_a_bad_request_that_names_it():
    with pytest.raises(BadRequestKeyError) as caught:
        collect([("a", "1")])["b"]
    assert caught.value.args == ("b",)
    assert caught.value.__context__ is None


def test_a_key_without_values_is_missing():
    with pytest.raises(BadRequestKeyError):
        Fields({"a": []})["a"]


def test_it_cannot_be_changed_and_its_copy_can():
    fields = collect([("a", "1")])
    with pytest.raises(TypeError):
        fields["a"] = "2"
    assert copy.copy(fields) is fields
    assert type(fields.copy()) is MultiDict


def test_it_is_pickled_as_werkzeugs():
    back = pickle.loads(pickle.dumps(collect([("a", "1"), ("a", "2")])))  # noqa: S301 (made here)
    assert type(back) is ImmutableMultiDict
    assert back.getlist("a") == ["1", "2"]
