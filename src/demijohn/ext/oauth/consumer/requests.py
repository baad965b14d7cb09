"""The sessions with which an application talks to a provider: Authlib's on requests, and on httpx for async code.

A session belongs to one request of the application. Its addresses may be relative to the provider's. It carries the
token of the current user, and has an expired one renewed before a call. This module must not know how a token was
first got.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import parse_qsl, urljoin

from demijohn.ext.oauth.errors import NobodySignedIn, OAuthError
from demijohn.ext.oauth.ports import Scope, Settings, Token
from demijohn.extend import call, is_async, later, needs, running_loop

with needs("oauth"):
    from authlib.integrations.requests_client import OAuth1Auth as AuthlibOAuth1Auth
    from authlib.integrations.requests_client import OAuth1Session as AuthlibOAuth1Session
    from authlib.integrations.requests_client import OAuth2Session as AuthlibOAuth2Session
    from authlib.oauth2.rfc6749 import OAuth2Token
    from requests.utils import default_headers

if TYPE_CHECKING:
    import httpx2
    from authlib.integrations import httpx_client
    from requests import Response
else:
    httpx_client = later("authlib.integrations.httpx_client")  # httpx is for async code only: 60 ms

__all__ = ["OAuth1Session", "OAuth2Session"]

F = TypeVar("F", bound=Callable[..., Any])

# Authlib has no types, and what checkers make of its classes misses half of requests'.
_Auth1: Any = AuthlibOAuth1Auth
_OAuth1: Any = AuthlibOAuth1Session
_OAuth2: Any = AuthlibOAuth2Session

#: A token is renewed when it has no more than these seconds left.
LEEWAY = 10
#: For how many seconds a provider's silence is borne, unless a call says otherwise.
TIMEOUT = 30


class _Session:
    """What sessions of OAuth 1 and 2 have in common. The blueprint knows the token, and where it is kept."""

    blueprint: Any
    base_url: str
    _kept: Any = None

    @property
    def token(self) -> Any:
        """The token of the current user, as it is kept; None without one."""
        if self._kept is None or self._kept[0] not in (_PINNED, self._whose()):
            self._kept = (self._whose(), self.blueprint.token)
        return self._kept[1]

    @token.setter
    def token(self, token: Token | None) -> None:
        self._kept = (_PINNED, token)

    @token.deleter
    def token(self) -> None:
        self._kept = None

    def _whose(self) -> Any:
        return self.blueprint.storage.whose(self.blueprint)

    @property
    def authorized(self) -> bool:
        """Whether there is a token, and a call with it can be expected to succeed.

        One that has expired is renewed first, except on an event loop, where the call does that.
        """
        try:
            return self.load_token()
        except NobodySignedIn:
            return False

    def load_token(self) -> bool:
        """Find the token of the current user.

        :returns: Whether there is one.
        """
        raise NotImplementedError

    @property
    def authorization_required(self) -> Callable[[F], F]:
        """A decorator for views: a visitor without a token is sent to the blueprint's login view."""

        def wrapper(view: F) -> F:
            # The session of the request that comes, and not the one that the decorator was taken from.
            blueprint = self.blueprint
            if is_async(view):

                @wraps(view)
                async def check_async(*args: Any, **kwargs: Any) -> Any:
                    if not await call(lambda: blueprint.session.authorized):
                        return blueprint.send_to_login()
                    return await view(*args, **kwargs)

                return cast(F, check_async)

            @wraps(view)
            def check(*args: Any, **kwargs: Any) -> Any:
                if not blueprint.session.authorized:
                    return blueprint.send_to_login()
                return view(*args, **kwargs)

            return cast(F, check)

        return wrapper

    def absolute(self, url: str) -> str:
        """An address as the provider has it, of one that may be relative to :attr:`base_url`."""
        return urljoin(self.base_url, url) if self.base_url else url

    async def get_async(self, url: str, **kwargs: Any) -> httpx2.Response:
        """GET, for async code: the answer is httpx's."""
        return await self.request_async("GET", url, **kwargs)

    async def post_async(self, url: str, **kwargs: Any) -> httpx2.Response:
        """POST, for async code: the answer is httpx's."""
        return await self.request_async("POST", url, **kwargs)

    async def request_async(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        """A call for async code, with the same token, renewal and base address: the answer is httpx's."""
        raise NotImplementedError


class OAuth1Auth(_Auth1):  # type: ignore[misc]
    """Authlib's, which also goes by the names that it has in requests-oauthlib: ``session.auth.client.client_key``."""

    #: Whether the Authorization field that it adds is bytes: for tests that decode it, see the blueprint.
    encoded = False

    def __call__(self, req: Any) -> Any:
        """Sign a request that is about to be sent."""
        signed = super().__call__(req)
        if self.encoded and "Authorization" in signed.headers:
            signed.headers["Authorization"] = signed.headers["Authorization"].encode("ascii")
        return signed

    @property
    def client(self) -> OAuth1Auth:
        """This."""
        return self

    @property
    def client_key(self) -> Any:
        """What the provider knows this application by."""
        return self.client_id


class OAuth1Session(_Session, _OAuth1):  # type: ignore[misc]
    """A ``requests.Session`` that signs by OAuth 1.0a (RFC 5849), with the token of the current user."""

    auth_class = OAuth1Auth

    def __init__(
        self,
        blueprint: Any = None,
        base_url: str | None = None,
        client_key: str | None = None,
        client_secret: str | None = None,
        signature_method: str = "HMAC-SHA1",
        signature_type: str = "HEADER",
        rsa_key: str | None = None,
        client_class: object = None,
        force_include_body: bool = False,
        **kwargs: Any,
    ) -> None:
        begin: Any = super().__init__
        begin(
            client_key, client_secret=client_secret, rsa_key=rsa_key, signature_method=signature_method,
            signature_type=_SIGNATURE_TYPES.get(signature_type, signature_type),
            force_include_body=force_include_body, **kwargs,
        )  # fmt: skip
        self.blueprint = blueprint
        self.base_url = base_url or ""
        self.auth.encoded = getattr(blueprint, "encoded_signatures", False)

    def load_token(self) -> bool:
        """Find the token of the current user, and sign with it from now on."""
        token = self.token
        if not token or not token.get("oauth_token") or "oauth_token_secret" not in token:
            return False
        self.auth.token, self.auth.token_secret = token["oauth_token"], token["oauth_token_secret"]
        return True

    def request(
        self,
        method: str,
        url: str,
        data: object = None,
        headers: Settings = None,
        should_load_token: bool = True,
        **kwargs: Any,
    ) -> Response:
        """A call, signed with the token where there is one."""
        if should_load_token:
            self.load_token()
        kwargs.setdefault("timeout", TIMEOUT)
        answer: Response = super().request(method, self.absolute(url), data=data, headers=headers, **kwargs)
        return answer

    async def request_async(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        """A call for async code, signed with the same token: the answer is httpx's."""
        await call(self.load_token)
        auth = self.auth
        client: Any = httpx_client.AsyncOAuth1Client(
            auth.client_id, auth.client_secret, token=auth.token, token_secret=auth.token_secret,
            rsa_key=auth.rsa_key, signature_method=auth.signature_method, signature_type=auth.signature_type,
            timeout=TIMEOUT, headers=_own_headers(self),
        )  # fmt: skip
        async with client:
            answer: httpx2.Response = await client.request(method, self.absolute(url), **kwargs)
            return answer

    @staticmethod
    def handle_error(error_type: str, error_description: str) -> None:
        """A token request that was refused.

        :raises OAuthError: always.
        """
        raise OAuthError(error_type, error_description)


class OAuth2Session(_Session, _OAuth2):  # type: ignore[misc]
    """A ``requests.Session`` with the token of the current user, renewed when it has expired."""

    client_secret: str | None

    def __init__(
        self,
        client_id: str | None = None,
        client: object = None,
        auto_refresh_url: str | None = None,
        auto_refresh_kwargs: Settings = None,
        scope: Scope = None,
        state: str | None = None,
        blueprint: Any = None,
        base_url: str | None = None,
        client_secret: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("default_timeout", TIMEOUT)
        begin: Any = super().__init__
        begin(client_id=client_id, client_secret=client_secret, scope=scope, state=state, **kwargs)
        self.blueprint = blueprint
        self.base_url = base_url or ""
        self.auto_refresh_url = auto_refresh_url
        self.auto_refresh_kwargs = auto_refresh_kwargs or {}

    @property
    def access_token(self) -> Any:
        """The access token, or None."""
        return self.token and self.token.get("access_token")

    def load_token(self) -> bool:
        """Find the token of the current user; where one that has expired can be renewed, renew it."""
        token = self.token
        if token and is_expired(token) and running_loop() is None:
            try:
                token = self.blueprint.renew(self, token)
            except OAuthError:
                return False
        return bool(token and token.get("access_token"))

    def valid_token(self) -> Any:
        """The token for a call: the one that is kept, or the new one that is got where it has expired.

        :raises TokenExpired: when it has, and the provider gives no new one.
        """
        token = self.token
        return self.blueprint.renew(self, token) if token and is_expired(token) else token

    def request(
        self, method: str, url: str, data: object = None, headers: Settings = None, withhold_token: bool = False,
        auth: object = None, **kwargs: Any,
    ) -> Response:  # fmt: skip
        """A call, with the token where there is one.

        :raises TokenExpired: when it has expired, and the provider gives no new one.
        """
        if not withhold_token and auth is None:
            token = self.valid_token()
            if token:
                self.token_auth.set_token(bearer(token))
                auth = self.token_auth
        if self.verify is False:  # else a bundle that the environment names would go before it
            kwargs.setdefault("verify", False)
        answer: Response = super().request(
            method,
            self.absolute(url),
            withhold_token=auth is None,
            auth=auth,
            data=data,
            headers=headers,
            **kwargs,
        )
        return answer

    def ensure_active_token(self, token: Any = None) -> bool:
        """True: whether a token has expired was looked at before."""
        return True

    async def request_async(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        """A call for async code, with the same token: the answer is httpx's.

        :raises TokenExpired: when it has expired, and the provider gives no new one.
        """
        token = None if kwargs.pop("withhold_token", False) else await call(self.valid_token)
        client: Any = httpx_client.AsyncOAuth2Client(
            self.client_id, token=bearer(token) if token else None, timeout=TIMEOUT, headers=_own_headers(self),
            verify=self.verify, leeway=0,
        )  # fmt: skip
        async with client:
            client.token_auth.SIGN_METHODS = self.token_auth.SIGN_METHODS
            answer: httpx2.Response = await client.request(
                method, self.absolute(url), withhold_token=not token, **kwargs
            )
            return answer

    def authorization_url(self, url: str, state: str | None = None, **kwargs: Any) -> tuple[str, str]:
        """The address at which the provider asks its user, and the state in it."""
        found: tuple[str, str] = self.create_authorization_url(url, state=state, **kwargs)
        return found

    def fetch_token(
        self, url: str | None = None, client_secret: str | None = None, include_client_id: bool | None = None,
        client_id: str | None = None, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """The token for a code.

        :param include_client_id: Send the client's id and secret in the body, for providers that want them there.
        :raises OAuthError: when the provider refuses.
        """
        if client_secret is not None:
            self.client_secret = client_secret
        if "auth" not in kwargs:
            kwargs["auth"] = self.client_auth(self.client_auth_method(include_client_id))
        return super().fetch_token(url, **kwargs)

    def client_auth_method(self, in_body: bool | None = None) -> str:
        """How the client shows the provider who it is."""
        if not self.client_secret:
            return "none"
        if in_body is None:
            given = self.token_endpoint_auth_method
            return given if given and given != "none" else "client_secret_basic"
        return "client_secret_post" if in_body else "client_secret_basic"

    def parse_response_token(self, resp: Response) -> Any:
        """The token in an answer, which is JSON or, from older providers, a form.

        :raises OAuthError: for an answer that says no, or is none.
        """
        if resp.status_code >= 500:
            raise OAuthError("server_error", f"the provider answered with status {resp.status_code}")
        token = read_fields(resp.text)
        if token.get("error"):
            error = token["error"]
            if isinstance(error, dict):  # Facebook's
                error = {"error": error.get("type") or "error", "error_description": error.get("message")}
                token = error
            raise OAuthError(
                str(token["error"]), _text(token.get("error_description")), _text(token.get("error_uri"))
            )
        if resp.status_code >= 400 or not token.get("access_token"):
            raise OAuthError(
                "invalid_response", f"there is no token in the answer (status {resp.status_code})"
            )
        if isinstance(token.get("scope"), str):
            token["scope"] = token["scope"].strip().split(" ")
        self.token = OAuth2Token(token)
        return token


_PINNED = object()
#: The names of oauthlib, which Flask-Dance takes, for those of Authlib.
_SIGNATURE_TYPES = {"AUTH_HEADER": "HEADER"}


def bearer(token: Token) -> OAuth2Token:
    """A copy of a token for Authlib: one of no type is a bearer's."""
    return OAuth2Token({"token_type": "bearer", **token})


def is_expired(token: Token) -> bool:
    """Whether a token is over, or about to be."""
    expires_at = token.get("expires_at")
    return isinstance(expires_at, int | float) and expires_at - LEEWAY < time.time()


def read_fields(text: str) -> dict[str, Any]:
    """The fields of an answer in JSON or as a form; none when it is neither."""
    found: Any
    try:
        found = json.loads(text)
    except ValueError:
        found = dict(parse_qsl(text))
        if isinstance(found.get("expires_in"), str) and found["expires_in"].isdecimal():
            found["expires_in"] = int(found["expires_in"])
        if "expires" in found and found["expires"].isdecimal():
            found["expires_in"] = int(found["expires"])
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _own_headers(session: OAuth1Session | OAuth2Session) -> dict[str, str]:
    """The header fields that a session sends beside those of requests itself."""
    usual = default_headers()
    return {name: value for name, value in session.headers.items() if usual.get(name) != value}
