"""An issuer of OpenID Connect: what it says of itself, its keys, and whether an ID token is one of its.

Everything is asked for when it is first needed, and kept. This module must not know of browsers and sessions.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from demijohn.ext.oauth.address import is_plain
from demijohn.ext.oauth.errors import InvalidIDToken, OAuthError, ProviderAway
from demijohn.extend import later

if TYPE_CHECKING:
    import requests as http
    from joserfc import jwk, jws
else:
    http = later("requests")  # 50 ms, which nobody needs before somebody signs in
    jwk = later("joserfc.jwk")  # and with it cryptography: 30 ms, likewise
    jws = later("joserfc.jws")

__all__ = ["Issuer", "claims_of"]

#: For how many seconds an issuer's silence is borne, in all, and how much it may say.
PATIENCE, MOST = 5.0, 1024 * 1024
#: How many seconds what an issuer says of itself is good for, and how often at most its keys are fetched anew.
METADATA_AGE, KEYS_AGE = 24 * 3600, 60
#: By how many seconds clocks may differ.
SKEW = 60
#: What signs with a private key (RFC 7518, 8037): what anybody can check and only the issuer can make.
ASYMMETRIC = frozenset(
    [
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
        "ES512",
        "EdDSA",
        "Ed25519",
        "ES256K",
    ]
)
#: Which digest at_hash is of, by the end of the algorithm's name.
DIGESTS = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "56K": hashlib.sha256}


class Issuer:
    """An issuer.

    :param url: Its address, exactly as it calls itself.
    :param algorithms: Which algorithms of what it announces are taken; all that sign with a private key by default.
        ``HS256`` has to be named here.
    """

    def __init__(self, url: str, algorithms: Iterable[str] | None = None) -> None:
        self.url = url
        self.algorithms = None if algorithms is None else frozenset(algorithms)
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, list[Any]] | None = None

    def metadata(self) -> dict[str, Any]:
        """What the issuer says of itself (OpenID Connect Discovery, 4).

        :raises ProviderAway: when it does not answer; the next call asks again.
        :raises OAuthError: when it calls itself otherwise, or names addresses of plain HTTP.
        """
        kept = self._metadata
        if kept is not None and kept[0] > time.monotonic() - METADATA_AGE:
            return kept[1]
        with self._lock:
            kept = self._metadata
            if kept is None or kept[0] <= time.monotonic() - METADATA_AGE:
                kept = self._metadata = (time.monotonic(), self._discover())
        return kept[1]

    def known(self) -> dict[str, Any]:
        """What is known of the issuer already, without asking it."""
        return {} if self._metadata is None else self._metadata[1]

    def _discover(self) -> dict[str, Any]:
        if is_plain(self.url):
            raise OAuthError("invalid_issuer", f"the issuer {self.url} is not reached by HTTPS")
        found = _fetch(self.url.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.url:
            raise OAuthError(
                "invalid_issuer",
                f"the issuer {self.url!r} calls itself {found.get('issuer')!r}: they have to be the same",
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str):
                raise OAuthError("invalid_issuer", f"the issuer {self.url!r} does not name its {name}")
        plain = sorted(
            name
            for name, value in found.items()
            if name.endswith(("_endpoint", "_uri")) and isinstance(value, str) and is_plain(value)
        )
        if plain:
            raise OAuthError(
                "invalid_issuer", f"of the issuer {self.url!r}, {', '.join(plain)} is plain HTTP"
            )
        return found

    def keys(self, kid: str | None = None) -> list[Any]:
        """The issuer's keys; fetched anew for a ``kid`` that is not among them, at most once a minute.

        :raises ProviderAway: when it does not answer.
        """
        address = self.metadata()["jwks_uri"]
        with self._lock:
            kept = self._keys
            unknown = kept is not None and kid is not None and kid not in [key.kid for key in kept[1]]
            if kept is None or (unknown and kept[0] <= time.monotonic() - KEYS_AGE):
                kept = self._keys = (time.monotonic(), _read_keys(_fetch(address)))
            return kept[1]

    def validate(
        self, id_token: object, client_id: str, *, nonce: str | None = None, access_token: str | None = None,
        client_secret: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The claims of an ID token, when each check of OpenID Connect Core, 3.1.3.7 is passed.

        :param nonce: What the sign-in that it belongs to was begun with; None for a token that was renewed.
        :param access_token: The access token that came with it.
        :raises InvalidIDToken: when one is not.
        :raises ProviderAway: when the keys are needed, and the issuer does not answer.
        """
        header, claims = self._verified(id_token, client_secret)
        if claims.get("iss") != self.url:
            raise InvalidIDToken("it is of another issuer (iss)")
        audience = claims.get("aud")
        listed = audience if isinstance(audience, list) else [audience]
        if client_id not in listed:
            raise InvalidIDToken("it is for another client (aud)")
        authorized = claims.get("azp")
        if (len(listed) > 1 or authorized is not None) and authorized != client_id:
            raise InvalidIDToken("it was issued to another client (azp)")
        now = time.time()
        if _time(claims, "exp") <= now - SKEW:
            raise InvalidIDToken("it has expired (exp)")
        if _time(claims, "iat") > now + SKEW or ("nbf" in claims and _time(claims, "nbf") > now + SKEW):
            raise InvalidIDToken("it is of the future (iat, nbf)")
        if nonce is not None and not _same(claims.get("nonce"), nonce):
            raise InvalidIDToken("it belongs to another sign-in (nonce)")
        if "at_hash" in claims and not _same(
            claims["at_hash"], _left_half(header["alg"], access_token or "")
        ):
            raise InvalidIDToken("it belongs to another access token (at_hash)")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise InvalidIDToken("it does not say who it is of (sub)")
        return claims

    def _verified(self, id_token: object, client_secret: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The header and claims of a token that was signed by the issuer."""
        if not isinstance(id_token, str) or id_token.count(".") != 2 or len(id_token) > MOST:
            raise InvalidIDToken("there is none, or it is no signed token")
        header = _decoded(id_token.split(".")[0])
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._allowed():
            raise InvalidIDToken(f"it is signed by {str(algorithm)[:20]!r}, which is not taken (alg)")
        if "crit" in header or "b64" in header:
            raise InvalidIDToken("it has an extension that is not known here (crit)")
        if algorithm.startswith("HS"):
            tried: list[Any] = [jwk.OctKey.import_key(client_secret)] if client_secret else []
        else:
            known = self.keys(kid if isinstance(kid, str) else None)
            tried = [key for key in known if _fits(key, kid, algorithm)]
        for key in tried:
            try:
                found = jws.deserialize_compact(id_token, key, algorithms=[algorithm])
                claims = json.loads(found.payload)
            except Exception:  # whatever is wrong with it, this key did not sign it
                continue
            if isinstance(claims, dict):
                return header, claims
        raise InvalidIDToken("no key of the issuer has signed it")

    def _allowed(self) -> frozenset[str]:
        announced = self.metadata().get("id_token_signing_alg_values_supported") or ["RS256"]
        known = frozenset(name for name in announced if isinstance(name, str))
        if self.algorithms is None:
            return known & ASYMMETRIC
        return known & self.algorithms & (ASYMMETRIC | {"HS256"})


def _fetch(url: str) -> dict[str, Any]:
    """An object of JSON, within the time and the size that are borne."""
    begun = time.monotonic()
    try:
        with http.get(url, timeout=(2, 2.5), stream=True, headers={"Accept": "application/json"}) as answer:
            body = b""
            for chunk in answer.iter_content(16 * 1024):
                body += chunk
                if len(body) > MOST or time.monotonic() - begun > PATIENCE:
                    raise ProviderAway("temporarily_unavailable", "the issuer is too slow, or says too much")
            if answer.status_code != 200:
                raise ProviderAway(
                    "temporarily_unavailable", f"the issuer answered with status {answer.status_code}"
                )
    except http.RequestException as error:
        raise ProviderAway("temporarily_unavailable", type(error).__name__) from None
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise OAuthError("invalid_issuer", f"what is at {url} is no object of JSON")
    return found


def _read_keys(found: Mapping[str, Any]) -> list[Any]:
    """The keys of a set that can be read here: of others the set may hold any number (RFC 7517, 5)."""
    keys = []
    for entry in found.get("keys") or ():
        try:
            keys.append(jwk.import_key(entry))
        except Exception:  # of a kind that is not known here
            continue
    return keys


def _fits(key: Any, kid: object, algorithm: str) -> bool:
    """Whether a key may have signed: it is the one that is named, and is for signing by this algorithm."""
    kinds = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
    if kid is not None and key.kid is not None and key.kid != kid:
        return False
    if key.key_type != kinds.get(algorithm[:2]) or key.get("use", "sig") != "sig":
        return False
    return key.get("alg", algorithm) in (algorithm, None)


def _decoded(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidIDToken("its header or claims cannot be read")
    return found


def claims_of(id_token: object) -> dict[str, Any]:
    """The claims of a token that was found to be valid when it was stored."""
    if not isinstance(id_token, str) or id_token.count(".") != 2:
        return {}
    return _decoded(id_token.split(".")[1])


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidIDToken(f"its {name} is no time")
    return value


def _same(one: object, other: str) -> bool:
    return isinstance(one, str) and secrets.compare_digest(one.encode(), other.encode())


def _left_half(algorithm: str, text: str) -> str:
    """What at_hash has to be (OpenID Connect Core, 3.1.3.6)."""
    digest = DIGESTS.get(algorithm[-3:], hashlib.sha512)(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
