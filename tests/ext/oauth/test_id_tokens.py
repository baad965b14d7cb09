"""ID tokens: what is signed and says the right things is taken, and nothing else (OpenID Connect Core, 3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from tests.ext.oauth.conftest import Browser

from demijohn.ext.oauth import InvalidIDToken, oauth_error


@pytest.fixture
def browser(app):
    return Browser(app.test_client())


@pytest.fixture
def told():
    heard = []

    def hear(sender, **values):
        heard.append(values)

    with oauth_error.connected_to(hear):
        yield heard


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def refused(browser, told, why):
    """The token was refused, for this reason, and nobody is signed in."""
    assert browser.sign_in().location == "/done"
    assert told[-1]["error"] == "invalid_id_token", told
    assert why in told[-1]["error_description"], told
    assert browser.client.get("/me").status_code == 302
    return True


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://evil.example"}, "iss"), ({"iss": None}, "iss"), ({"aud": "another"}, "aud"),
        ({"aud": ["cellar", "another"]}, "azp"), ({"azp": "another"}, "azp"), ({"exp": 1}, "exp"),
        ({"exp": None}, "exp"), ({"exp": "tomorrow"}, "exp"), ({"exp": True}, "exp"), ({"iat": 99999999999}, "iat"),
        ({"nbf": 99999999999}, "nbf"), ({"nonce": "another"}, "nonce"), ({"nonce": None}, "nonce"),
        ({"at_hash": "another"}, "at_hash"), ({"sub": None}, "sub"), ({"sub": 7}, "sub"),
    ],
)  # fmt: skip
def test_case_67_a_claim_that_is_wrong_or_missing(browser, provider, told, changes, why):
    usual = provider.claims
    provider.claims = lambda code, access_token: {
        name: value for name, value in {**usual(code, access_token), **changes}.items() if value is not None
    }
    assert refused(browser, told, why)


def test_several_audiences_with_this_client_as_the_authorized_one_pass(browser, provider):
    usual = provider.claims
    provider.claims = lambda *args: {**usual(*args), "aud": ["cellar", "api"], "azp": "cellar"}
    assert browser.sign_in().location == "/done"
    assert browser.client.get("/me").status_code == 200


def test_the_right_at_hash_passes(browser, provider):
    usual = provider.claims

    def claims(code, access_token):
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        return {**usual(code, access_token), "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode()}

    provider.claims = claims
    browser.sign_in()
    assert browser.client.get("/me").status_code == 200


def signed_otherwise(provider, sign):
    provider.id_token = lambda code, access_token: sign(provider.claims(code, access_token))


def test_case_68_no_algorithm(browser, provider, told):
    signed_otherwise(provider, lambda claims: f"{part({'alg': 'none'})}.{part(claims)}.")
    assert refused(browser, told, "alg")


def test_case_68_hs256_with_the_public_key_or_the_client_secret(browser, provider, told):
    def by(secret):
        def sign(claims):
            head = f"{part({'alg': 'HS256', 'kid': 'first'})}.{part(claims)}"
            mac = hmac.new(secret, head.encode(), hashlib.sha256).digest()
            return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

        return sign

    for secret in (provider.keys[0].as_pem(private=False), b"cellar-secret"):
        signed_otherwise(provider, by(secret))
        assert refused(browser, told, "alg")
    # Announcing it does not help: it has to be asked for here.
    usual = provider.metadata
    provider.metadata = lambda: {
        **usual(),
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
    }
    assert refused(browser, told, "alg")


def test_hs256_passes_where_it_was_asked_for_and_announced(make_app, provider):
    usual = provider.metadata
    provider.metadata = lambda: {**usual(), "id_token_signing_alg_values_supported": ["HS256"]}
    secret = "a secret of at least thirty-two bytes"
    provider.clients["cellar"].secret = secret
    key = OctKey.import_key(secret)
    signed_otherwise(provider, lambda claims: jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"]))
    browser = Browser(make_app(algorithms=["HS256"], client_secret=secret).test_client())
    browser.sign_in()
    assert browser.client.get("/me").status_code == 200
    # Signed with another secret, it does not.
    other = OctKey.import_key("another secret of at least thirty-two")
    signed_otherwise(
        provider, lambda claims: jwt.encode({"alg": "HS256"}, claims, other, algorithms=["HS256"])
    )
    assert browser.sign_in().status_code == 502


def test_hs256_without_a_secret_is_signed_by_nobody(make_app, provider):
    """The empty key is everybody's."""
    usual = provider.metadata
    provider.metadata = lambda: {**usual(), "id_token_signing_alg_values_supported": ["HS256"]}
    app = make_app(algorithms=["HS256"])
    head = f"{part({'alg': 'HS256'})}.{part({'iss': provider.issuer, 'aud': 'cellar', 'sub': 'x'})}"
    mac = hmac.new(b"", head.encode(), hashlib.sha256).digest()
    forged = f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    for secret in (None, ""):
        with pytest.raises(InvalidIDToken, match="no key"):
            app.house.issuer.validate(forged, "cellar", client_secret=secret)


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "exp"])
def test_case_68_a_critical_extension(browser, provider, told, crit):
    def sign(claims):
        head = f"{part({'alg': 'RS256', 'kid': 'first', 'crit': crit, 'exp': 1, 'b64': True})}.{part(claims)}"
        signature = jws.serialize_compact({"alg": "RS256"}, b"x", provider.keys[0]).split(".")[2]
        return f"{head}.{signature}"

    signed_otherwise(provider, sign)
    assert refused(browser, told, "crit")


def test_an_algorithm_that_was_not_announced(browser, provider, told):
    provider.keys.append(ECKey.generate_key("P-256", {"kid": "second"}))
    signed_otherwise(
        provider, lambda claims: jwt.encode({"alg": "ES256", "kid": "second"}, claims, provider.keys[1])
    )
    assert refused(browser, told, "alg")
    assert refused(browser, told, "alg")


def test_a_key_of_somebody_else_under_a_known_name(browser, provider, told):
    theirs = RSAKey.generate_key(2048, {"kid": "first"})
    signed_otherwise(provider, lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, theirs))
    assert refused(browser, told, "no key")


@pytest.mark.parametrize("made", ["", "a.b", "a.b.c", "....", 7, None, "x" * 3_000_000])
def test_what_is_no_token(browser, provider, told, made):
    provider.id_token = lambda code, access_token: made
    assert refused(browser, told, "")


def test_rotated_keys_are_fetched_once_and_at_most_once_a_minute(browser, provider, monkeypatch):
    browser.sign_in()
    assert provider.asked.count(("GET", "/keys")) == 1
    provider.keys.append(RSAKey.generate_key(2048, {"kid": "second", "use": "sig"}))
    now = time.monotonic()
    monkeypatch.setattr("demijohn.ext.oauth.issuer.time.monotonic", lambda: now + 61)
    assert browser.sign_in().location == "/done"
    assert provider.asked.count(("GET", "/keys")) == 2
    # A kid that nobody has is no reason to ask again and again.
    theirs = RSAKey.generate_key(2048, {"kid": "made-up"})
    signed_otherwise(provider, lambda claims: jwt.encode({"alg": "RS256", "kid": "made-up"}, claims, theirs))
    assert [browser.sign_in().status_code for _ in range(3)] == [502] * 3
    assert provider.asked.count(("GET", "/keys")) == 2


def test_an_issuer_that_calls_itself_otherwise_is_not_used(make_app, provider):
    browser = Browser(make_app(issuer=provider.issuer + "/").test_client())
    answer = browser.client.get("/login/house")
    assert answer.status_code == 502
    assert "they have to be the same" in answer.text


def test_an_issuer_with_an_address_of_plain_http_is_not_used(browser, provider):
    usual = provider.metadata
    provider.metadata = lambda: {**usual(), "token_endpoint": "http://id.example/token"}
    answer = browser.client.get("/login/house")
    assert answer.status_code == 502
    assert "token_endpoint is plain HTTP" in answer.text


def test_the_issuer_is_asked_at_first_use_and_once(app, provider):
    assert provider.asked == []
    browser = Browser(app.test_client())
    for _ in range(3):
        browser.sign_in()
    assert provider.asked.count(("GET", "/.well-known/openid-configuration")) == 1


def test_an_issuer_that_is_away_is_503_and_the_next_try_works(make_app, provider):
    usual, hung = provider.metadata, [True]

    def metadata():
        if hung[0]:
            time.sleep(4)
        return usual()

    provider.metadata = metadata
    browser = Browser(make_app().test_client())
    begun = time.monotonic()
    answer = browser.client.get("/login/house")
    assert answer.status_code == 503
    assert "could not be reached" in answer.text
    assert time.monotonic() - begun < 5
    hung[0] = False
    assert browser.sign_in().location == "/done"


def test_nobody_listens_at_the_issuer(make_app):
    browser = Browser(make_app(issuer="http://127.0.0.1:1").test_client())
    assert browser.client.get("/login/house").status_code == 503
