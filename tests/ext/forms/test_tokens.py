"""The tokens: bound to a session, each written differently, and good for as long as they should be."""

from __future__ import annotations

import time
import zlib

import pytest
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from wtforms import ValidationError

from demijohn import session
from demijohn.ext.forms import generate_csrf, validate_csrf
from demijohn.ext.forms.tokens import check_token, make_token, new_secret

KEYS = ("the key of these tests",)
SECRET = "0123456789abcdef0123456789abcdef01234567"


def test_case_40_no_two_tokens_of_a_secret_share_more_than_a_few_letters():
    tokens = [make_token(SECRET, KEYS) for _ in range(50)]
    payloads = [token.partition(".")[0] for token in tokens]
    assert len(set(payloads)) == 50
    for one, other in zip(payloads, payloads[1:], strict=False):
        runs = [one[i : i + 24] for i in range(len(one) - 24)]
        shared = [run for run in runs if run in other]
        assert len(shared) < len(runs) / 2
    for token in tokens:
        check_token(token, SECRET, KEYS, 60)


def test_case_40_a_token_is_bound_to_its_session(site):
    def of_new_session():
        with site.app.test_request_context():
            return generate_csrf()

    token = of_new_session()
    with site.app.test_request_context():
        generate_csrf()
        with pytest.raises(ValidationError, match="do not match"):
            validate_csrf(token)


def test_case_40_two_answers_of_a_session_have_two_tokens_and_both_are_good(site):
    site.route("/", lambda: generate_csrf(), endpoint="token")
    site.route("/check/<token>", lambda token: str(validate_csrf(token)), endpoint="check")
    client = site.client()
    one, other = client.get("/").text, client.get("/").text
    assert one != other
    assert client.get(f"/check/{one}").text == client.get(f"/check/{other}").text == "None"


def test_within_a_request_the_token_is_the_same(site):
    with site.app.test_request_context():
        assert generate_csrf() == generate_csrf()


def test_case_31_a_token_survives_a_new_key():
    old = make_token(SECRET, ("old",))
    check_token(old, SECRET, ("old", "new"), 60)
    new = make_token(SECRET, ("old", "new"))
    check_token(new, SECRET, ("new",), 60)
    with pytest.raises(ValidationError, match="invalid"):
        check_token(new, SECRET, ("old",), 60)


def test_case_31_the_keys_are_those_of_the_application(site):
    with site.app.test_request_context():
        token = generate_csrf()
        site.app.config["SECRET_KEY_FALLBACKS"] = [site.app.secret_key]
        site.app.secret_key = "another key of these tests"
        validate_csrf(token)
        site.app.config["SECRET_KEY_FALLBACKS"] = []
        with pytest.raises(ValidationError, match="invalid"):
            validate_csrf(token)


def signed(payload: bytes, age: int = 0) -> str:
    signer = URLSafeTimedSerializer(KEYS, salt="wtf-csrf-token").make_signer()
    signer.get_timestamp = lambda: int(time.time()) - age
    return signer.sign(payload).decode()


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (make_token(SECRET, KEYS)[:-1], "invalid"),
        (make_token(SECRET, KEYS)[:-2] + "xx", "invalid"),
        ("x" * 1_000_000, "invalid"),
        (signed(base64_encode('"' + "a" * 1_000_000 + '"')), "invalid"),
        (signed(b"." + base64_encode(zlib.compress(b'"' + b"a" * 100_000_000 + b'"'))), "invalid"),
        (signed(base64_encode(f'"{SECRET}"'), age=3601), "expired"),
        (signed(base64_encode(f'"{SECRET}"'), age=-3600), "expired"),
        (signed(base64_encode("[1]")), "do not match"),
        (signed(base64_encode('"é"')), "do not match"),
        (signed(base64_encode("{")), "invalid"),
        ("é", "invalid"),
        (".", "invalid"),
        ("", "missing"),
        (None, "missing"),
    ],
    ids=range(14),
)
def test_case_32_a_token_that_is_none_is_refused(site, token, reason):
    with site.app.test_request_context():
        session["csrf_token"] = SECRET
        with pytest.raises(ValidationError, match=reason):
            validate_csrf(token, secret_key=KEYS[0], time_limit=3600)


def test_what_an_application_keeps_under_the_name_itself_is_used_or_replaced(site):
    with site.app.test_request_context():
        session["csrf_token"] = "My Own Secret"
        validate_csrf(generate_csrf())
        assert session["csrf_token"] == "My Own Secret"
    with site.app.test_request_context():
        session["csrf_token"] = object()
        validate_csrf(generate_csrf())
        assert isinstance(session["csrf_token"], str)


def test_a_new_secret_is_as_long_as_those_of_flask_wtf():
    assert len(new_secret()) == 40
    assert new_secret() != new_secret()


def test_without_a_key_it_is_said_what_is_missing(site):
    site.app.secret_key = None
    with site.app.test_request_context(), pytest.raises(RuntimeError, match="A secret key is required"):
        generate_csrf()
