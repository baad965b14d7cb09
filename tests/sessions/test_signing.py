from __future__ import annotations

import hashlib
import json
import time
import zlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import (
    BadPayload,
    BadSignature,
    BadTimeSignature,
    SignatureExpired,
    TimestampSigner,
    URLSafeTimedSerializer,
)

from demijohn.sessions.signing import BoundedTimedSerializer, _cannot_shrink, _compress

NOW = 1_700_000_000


class Compact:
    @staticmethod
    def dumps(obj):
        return json.dumps(obj, separators=(",", ":"))

    @staticmethod
    def loads(text):
        return json.loads(text)


@pytest.fixture(autouse=True, scope="module")
def clock():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: NOW + 0.7)
        yield


def ours(
    *keys,
    derivation="hmac",
    digest=hashlib.sha1,
    max_size=64 * 1024,
    max_payload=1024 * 1024,
    serializer=Compact,
):
    keys = keys or ("key",)
    return BoundedTimedSerializer(keys, "a salt", serializer, derivation, digest, max_size, max_payload)


def theirs(*keys, derivation="hmac", digest=hashlib.sha1, serializer=Compact):
    settings = {"key_derivation": derivation, "digest_method": digest}
    return URLSafeTimedSerializer(
        list(keys or ("key",)), salt="a salt", serializer=serializer, signer_kwargs=settings
    )


values = st.dictionaries(
    st.text(max_size=12), st.none() | st.integers() | st.text(max_size=60) | st.lists(st.text(max_size=9))
)


@given(values)
def test_the_token_is_the_one_itsdangerous_makes(value):
    assert ours().dumps(value) == theirs().dumps(value)


@given(values)
def test_each_reads_what_the_other_makes(value):
    assert ours().loads(theirs().dumps(value), max_age=10) == value
    assert theirs().loads(ours().dumps(value), max_age=10) == value


@pytest.mark.parametrize("derivation", ["hmac", "concat", "django-concat", "none"])
@pytest.mark.parametrize("digest", [hashlib.sha1, hashlib.sha256, hashlib.sha512])
@pytest.mark.parametrize("key", ["k", b"\x00\xff", "k" * 300])
def test_every_derivation_digest_and_key_gives_the_same_token(derivation, digest, key):
    settings = {"derivation": derivation, "digest": digest}
    assert ours(key, **settings).dumps([1]) == theirs(key, **settings).dumps([1])


def test_a_digest_may_be_named():
    assert ours(digest="sha256").dumps([1]) == theirs(digest=hashlib.sha256).dumps([1])


@given(st.binary(max_size=5000) | st.text("ab", max_size=4200).map(str.encode))
def test_small_data_is_compressed_to_the_bytes_of_zlib(data):
    packed = _compress(data)
    assert zlib.decompress(packed) == data
    assert packed == zlib.compress(data)


short = st.integers(17, 40).flatmap(
    lambda size: st.text('ab{}:,"1', min_size=size, max_size=size) | st.text(min_size=size, max_size=size)
)


@given(st.binary(max_size=40) | short.map(str.encode))
def test_what_is_not_compressed_would_not_get_shorter(data):
    if _cannot_shrink(data) and len(data) >= 17:
        assert len(zlib.compress(data)) >= len(data) - 1


@given(st.dictionaries(st.text("ab", max_size=3), st.text("ab", max_size=12) | st.integers(), max_size=2))
def test_an_object_that_is_not_compressed_would_not_get_shorter(value):
    data = Compact.dumps(value).encode()
    if _cannot_shrink(data):
        assert len(zlib.compress(data)) >= len(data) - 1


class Bytes:
    @staticmethod
    def dumps(obj):
        return repr(obj).encode()

    @staticmethod
    def loads(data):
        return data


def test_a_serializer_of_bytes_makes_bytes():
    token = ours(serializer=Bytes).dumps([1])
    assert token == theirs(serializer=Bytes).dumps([1])
    assert ours(serializer=Bytes).loads(token) == b"[1]"


def test_another_salt_and_the_time_are_itsdangerous_own():
    token = ours().dumps([1], salt="other")
    assert token == theirs().dumps([1], salt="other")
    value, signed_at = ours().loads(token, return_timestamp=True, salt="other")
    assert value == [1]
    assert signed_at.timestamp() == NOW
    with pytest.raises(BadSignature):
        ours().loads(token)


def test_case_31_the_newest_key_signs_and_all_verify():
    rotated = ours("old", "newer", "newest")
    for key in ("old", "newer", "newest"):
        assert rotated.loads(theirs(key).dumps([1]), max_age=10) == [1]
    assert theirs("newest").loads(rotated.dumps([2])) == [2]
    with pytest.raises(BadSignature):
        theirs("old").loads(rotated.dumps([2]))
    with pytest.raises(BadSignature):
        rotated.loads(theirs("other").dumps([1]))


def test_case_32_a_token_with_any_character_changed_is_rejected():
    token = ours().dumps({"user": 1, "text": "a" * 50})
    for place, character in enumerate(token):
        changed = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadSignature):
            ours().loads(changed, max_age=10)


def test_case_32_another_spelling_of_the_same_signature_is_rejected():
    token = ours().dumps([1])
    # 20 bytes leave two bits of the last character unused: itsdangerous reads all four spellings.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(token[-1])
    other = token[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last + 1]
    assert theirs().loads(other) == [1]
    with pytest.raises(BadSignature):
        ours().loads(other)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c", "é.é.é", "\x00", "a" * 300, b"a.b.c"])
def test_case_32_what_is_no_token_is_a_bad_signature(token):
    with pytest.raises(BadSignature):
        ours().loads(token, max_age=10)


def test_case_32_a_token_of_a_megabyte_is_rejected_before_it_is_hashed():
    hashed = []

    def digest(data=b""):
        hashed.append(len(data))
        return hashlib.sha1(data)

    serializer = ours(digest=digest)
    hashed.clear()
    token = theirs().dumps("x" * 10) + "A" * 1_000_000
    for kwargs in ({}, {"salt": "other"}, {"return_timestamp": True}):
        with pytest.raises(BadSignature, match="at most 65536 are read"):
            serializer.loads(token, **kwargs)
    assert hashed == []


@pytest.mark.parametrize("offset", [1, 3600, 3 * 86400, 2**40])
def test_case_32_a_token_from_the_future_is_rejected(monkeypatch, offset):
    monkeypatch.setattr(time, "time", lambda: NOW + offset)
    token = theirs().dumps([1])
    monkeypatch.setattr(time, "time", lambda: NOW)
    with pytest.raises(BadSignature):
        ours().loads(token, max_age=86400 * 365)


def test_a_token_ends_after_its_age_and_not_before(monkeypatch):
    token = ours().dumps([1])
    monkeypatch.setattr(time, "time", lambda: NOW + 60)
    assert ours().loads(token, max_age=60) == [1]
    monkeypatch.setattr(time, "time", lambda: NOW + 61)
    with pytest.raises(SignatureExpired, match="Signature age 61 > 60 seconds") as caught:
        ours().loads(token, max_age=60)
    assert caught.value.date_signed.timestamp() == NOW
    assert ours().loads(token) == [1]


def test_a_token_read_before_ends_all_the_same(monkeypatch):
    serializer = ours()
    token = serializer.dumps([1])
    assert serializer.loads(token, max_age=60) == [1]
    for moment in (NOW + 61, NOW - 1):
        monkeypatch.setattr(time, "time", lambda: moment)
        with pytest.raises(SignatureExpired):
            serializer.loads(token, max_age=60)


def test_a_token_read_before_gives_a_value_of_its_own_each_time():
    serializer = ours()
    token = serializer.dumps({"list": []})
    serializer.loads(token)["list"].append(1)
    assert serializer.loads(token) == {"list": []}


def test_a_token_read_before_does_not_vouch_for_others():
    serializer = ours()
    token = serializer.dumps([1])
    serializer.loads(token)
    for changed in (token + "A", token[:-1], token[1:], "x" + token):
        with pytest.raises(BadSignature):
            serializer.loads(changed)


def test_the_time_of_signing_moves_with_the_clock(monkeypatch):
    serializer = ours()
    serializer.dumps([1])
    monkeypatch.setattr(time, "time", lambda: NOW + 5)
    assert serializer.dumps([1]) == theirs().dumps([1])


def signed(payload):
    """A token signed with our key around any payload."""
    return TimestampSigner("key", "a salt", key_derivation="hmac").sign(payload)


def test_a_signature_without_a_time_is_rejected():
    signer = theirs().make_signer()
    token = b"W10." + signer.get_signature(b"W10")
    with pytest.raises(BadTimeSignature, match="timestamp missing"):
        ours().loads(token, max_age=10)


@pytest.mark.parametrize("payload", [b"A", b".eJw", b".W10", b"bm9uZQ", b"_w"])
def test_a_signed_payload_that_cannot_be_read_is_a_bad_payload(payload):
    with pytest.raises(BadPayload):
        ours().loads(signed(payload), max_age=10)


def packed(data):
    return b"." + urlsafe_b64encode(zlib.compress(data)).rstrip(b"=")


def test_case_33_a_compressed_bomb_is_rejected_at_the_cap():
    bomb = signed(packed(b'"' + b"0" * 30_000_000 + b'"'))
    assert len(bomb) < 64 * 1024
    with pytest.raises(BadPayload, match="unpacks to more than 1048576 bytes"):
        ours().loads(bomb, max_age=10)
    with pytest.raises(BadPayload, match="unpacks to more than 1048576 bytes"):
        ours().loads(bomb, return_timestamp=True)


def test_case_33_the_cap_is_exact():
    assert ours(max_payload=102).loads(signed(packed(b'"' + b"0" * 100 + b'"'))) == "0" * 100
    with pytest.raises(BadPayload):
        ours(max_payload=102).loads(signed(packed(b'"' + b"0" * 101 + b'"')))


def test_loading_without_trust_tells_whether_the_signature_holds():
    token = ours().dumps([1])
    assert ours().loads_unsafe(token) == (True, [1])
    assert ours("other").loads_unsafe(token) == (False, [1])
