"""Sessions over the wire: kept by the cookie, refused when tampered with, never cached."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

KEY = "protocol-suite-key-of-enough-length-0123456789"
OLDER_KEY = "an-older-protocol-suite-key-0123456789abcdef"


def sign(value, key=KEY):
    """A session cookie as Flask 3.1 makes it (itsdangerous, salt "cookie-session", HMAC-SHA1)."""
    serializer = URLSafeTimedSerializer(
        key, salt="cookie-session", signer_kwargs={"key_derivation": "hmac", "digest_method": "sha1"}
    )
    return serializer.dumps(value)


def cookie_of(answer):
    return answer.header("Set-Cookie").partition(";")[0]


def read(web, cookie):
    return web.get("/s/session", [("Cookie", cookie)])


def test_a_session_is_kept_by_its_cookie(web, flavour):
    first = web.get(f"/{flavour}/count-visits")
    second = web.get(f"/{flavour}/count-visits", [("Cookie", cookie_of(first))])
    assert (first.json, second.json) == ({"visits": 1}, {"visits": 2})


def test_a_session_cookie_is_http_only_and_lax(web):
    attributes = web.get("/s/count-visits").header("Set-Cookie").lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes


def test_clearing_the_session_deletes_the_cookie(web):
    cookie = cookie_of(web.get("/s/count-visits"))
    answer = web.get("/s/logout", [("Cookie", cookie)])
    assert "1970" in answer.header("Set-Cookie")


@pytest.mark.parametrize("way", ["get", "in", "len", "iterate", "items"])
def test_case_30_any_read_of_the_session_varies_by_cookie(web, way):
    answer = web.get(f"/s/session-touch/{way}")
    assert "cookie" in (answer.header("Vary") or "").lower()
    assert answer.header("Set-Cookie") is None


def test_case_30_an_untouched_session_does_not_vary(web):
    answer = web.get("/s/session-untouched", [("Cookie", cookie_of(web.get("/s/count-visits")))])
    assert "cookie" not in (answer.header("Vary") or "").lower()


def test_case_31_a_fallback_key_still_verifies(web):
    name = cookie_of(web.get("/s/count-visits")).partition("=")[0]
    assert read(web, f"{name}={sign({'visits': 7}, OLDER_KEY)}").json == {"visits": 7}


def test_a_cookie_signed_as_flask_signs_is_read(web):
    name = cookie_of(web.get("/s/count-visits")).partition("=")[0]
    assert read(web, f"{name}={sign({'visits': 7})}").json == {"visits": 7}


def test_case_32_a_flipped_bit_anywhere_is_an_empty_session(web):
    name, _, token = cookie_of(web.get("/s/count-visits")).partition("=")
    for place in range(0, len(token) - 1, 5):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read(web, f"{name}={changed}").json == {}


def test_case_32_a_token_from_the_future_is_an_empty_session(web, monkeypatch):
    name = cookie_of(web.get("/s/count-visits")).partition("=")[0]
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: 4_000_000_000)
    token = sign({"visits": 7})
    monkeypatch.undo()
    assert read(web, f"{name}={token}").json == {}


def test_case_33_a_compressed_bomb_is_an_empty_session(web):
    name = cookie_of(web.get("/s/count-visits")).partition("=")[0]
    packed = zlib.compress(b'{"a":"' + b"x" * 10_000_000 + b'"}', 9)
    payload = b"." + urlsafe_b64encode(packed).rstrip(b"=")
    signer = TimestampSigner(KEY, salt="cookie-session", key_derivation="hmac", digest_method="sha1")
    bomb = signer.sign(payload).decode()
    answer = read(web, f"{name}={bomb}")
    assert answer.status in (200, 400, 431)
    if answer.status == 200:
        assert answer.json == {}
