"""Signing in by OpenID Connect: OAuth 2.0 whose token says, signed, who somebody is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

from demijohn import request
from demijohn.ext.oauth.consumer.base import log
from demijohn.ext.oauth.consumer.oauth2 import OAuth2ConsumerBlueprint
from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.errors import InvalidIDToken, OAuthError
from demijohn.ext.oauth.flows import Flow, new_secret
from demijohn.ext.oauth.issuer import Issuer, claims_of
from demijohn.ext.oauth.ports import Identify, Scope, SessionClass, Settings, Token
from demijohn.extend import is_safe_url, later

if TYPE_CHECKING:
    from demijohn.ext.oauth.consumer import requests as sessions
else:
    sessions = later("demijohn.ext.oauth.consumer.requests")  # 150 ms, and only a type is asked for

__all__ = ["OIDCBlueprint", "make_oidc_blueprint"]


class OIDCBlueprint(OAuth2ConsumerBlueprint):
    """A blueprint that signs visitors in with an issuer of OpenID Connect, which is asked for its addresses."""

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        issuer: str,
        algorithms: Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        self._named: dict[str, str] = {}
        self.issuer = Issuer(issuer, algorithms)
        base_url = options.pop("base_url", None) or issuer
        super().__init__(name, import_name, base_url=base_url, **options)

    def _address_of(self, name: str, metadata_name: str) -> Any:
        return self._named.get(name) or self.issuer.metadata().get(metadata_name)

    @property
    def authorization_url(self) -> Any:
        """Where the provider asks its user."""
        return self._address_of("authorization_url", "authorization_endpoint")

    @authorization_url.setter
    def authorization_url(self, url: str | None) -> None:
        self._named["authorization_url"] = url or ""

    @property
    def token_url(self) -> Any:
        """Where a code becomes a token."""
        return self._address_of("token_url", "token_endpoint")

    @token_url.setter
    def token_url(self, url: str | None) -> None:
        self._named["token_url"] = url or ""

    @property
    def revocation_url(self) -> Any:
        """Where a token is ended; None where the provider has no such address."""
        return self._address_of("revocation_url", "revocation_endpoint")

    @revocation_url.setter
    def revocation_url(self, url: str | None) -> None:
        self._named["revocation_url"] = url or ""

    @property
    def keeps_flows(self) -> bool:
        """True: a nonce belongs to one sign-in."""
        return True

    @property
    def claims(self) -> dict[str, Any]:
        """What the current user's ID token says of them; nothing without one."""
        token = self.session.token
        return claims_of(token.get("id_token")) if isinstance(token, dict) else {}

    def session_created(self, session: sessions.OAuth2Session) -> Any:
        """Have the client show who it is in a way that the issuer takes."""
        known = self.issuer.known()
        taken = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" not in taken and "client_secret_post" in taken:
            session.token_endpoint_auth_method = "client_secret_post"
        elif session.client_secret:
            session.token_endpoint_auth_method = "client_secret_basic"
        return session

    def _begin(self) -> tuple[Flow, dict[str, Any]]:
        flow, params = super()._begin()
        flow = Flow(flow.provider, flow.state, flow.verifier, new_secret(), flow.next)
        return flow, {**params, "nonce": flow.nonce}

    def _check_answer(self) -> None:
        """Whether it is this issuer that answers (RFC 9207)."""
        given = request.args.get("iss")
        announced = self.issuer.metadata().get("authorization_response_iss_parameter_supported") is True
        if (announced or given is not None) and given != self.issuer.url:
            raise OAuthError("invalid_issuer", "the answer comes from another issuer (iss)")
        super()._check_answer()

    def _check_token(self, token: Token, flow: Flow) -> None:
        self.issuer.validate(
            token.get("id_token"), self.client_id, nonce=flow.nonce or "", access_token=token["access_token"],
            client_secret=self.client_secret,
        )  # fmt: skip

    def _check_renewed(self, new: Token, old: Token) -> None:
        if new.get("id_token") == old.get("id_token"):
            return
        claims = self.issuer.validate(
            new["id_token"],
            self.client_id,
            access_token=new["access_token"],
            client_secret=self.client_secret,
        )
        if claims["sub"] != claims_of(old.get("id_token")).get("sub"):
            raise InvalidIDToken("the renewed one is somebody else's (sub)")

    def identify(self, token: Token) -> dict[str, Any]:
        """Who somebody is, by the ID token, and by the issuer's userinfo for what that leaves out."""
        claims = claims_of(token["id_token"])
        address = self.issuer.metadata().get("userinfo_endpoint")
        if address and "email" in (self.scope or ()) and "email" not in claims:
            answer = self.session.get(address)
            told = answer.json() if answer.ok else {}
            if isinstance(told, dict) and told.get("sub") == claims["sub"]:
                claims = {**told, **claims}
        verified = claims.get("email_verified") is True
        name = claims.get("name") or claims.get("preferred_username")
        return {
            "subject": claims["sub"], "email": claims.get("email") if verified else None, "name": name,
            "claims": claims,
        }  # fmt: skip

    def logout_url(self, next: str = "/") -> str:
        """Where a browser has to go to be logged out at the provider too, and from there to ``next``.

        Where the provider has no such address, that is ``next`` itself. Ask before the token is forgotten here.

        :param next: A page of this site, of which the provider has to know.
        """
        page = next if is_safe_url(next) else "/"
        address = self.issuer.metadata().get("end_session_endpoint")
        if not address:
            log.info("The provider %r has no address to log out at.", self.name)
            return page
        token = self.session.token
        hint = token.get("id_token") if isinstance(token, dict) else None
        back = urljoin(self.return_address(), page)
        given = {"id_token_hint": hint, "client_id": self.client_id, "post_logout_redirect_uri": back}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{address}{'&' if '?' in address else '?'}{query}"


def make_oidc_blueprint(
    name: str,
    *,
    issuer: str,
    client_id: str | None = None,
    client_secret: str | None = None,
    scope: Scope = ("openid", "email"),
    algorithms: Iterable[str] | None = None,
    redirect_url: str | None = None,
    redirect_to: str | None = None,
    redirect_uri: str | None = None,
    login_url: str | None = None,
    authorized_url: str | None = None,
    authorization_url_params: dict[str, Any] | None = None,
    identity: Identify = None,
    session_class: SessionClass = None,
    storage: BaseStorage | Callable[[], BaseStorage] | None = None,
    rule_kwargs: Settings = None,
) -> OIDCBlueprint:
    """Make a blueprint that signs visitors in with an issuer of OpenID Connect.

    What it needs is given here, or is in the settings ``<NAME>_OAUTH_CLIENT_ID`` and ``<NAME>_OAUTH_CLIENT_SECRET``.

    :param name: The blueprint's name, and a part of its addresses.
    :param issuer: The issuer's address, exactly as it calls itself.
    :param scope: What is asked for; ``openid`` is always.
    :param algorithms: Which of the issuer's signatures are taken; by default all that are made with a private key.
        Only here can ``HS256`` be asked for.

    The others are those of :class:`OAuth2ConsumerBlueprint`.
    """
    scopes = scope.split() if isinstance(scope, str) else list(scope or ())
    if "openid" not in scopes:
        scopes.insert(0, "openid")
    made = OIDCBlueprint(
        name, __name__, issuer=issuer, algorithms=algorithms, client_id=client_id, client_secret=client_secret,
        scope=scopes, redirect_url=redirect_url, redirect_to=redirect_to, redirect_uri=redirect_uri,
        login_url=login_url, authorized_url=authorized_url, authorization_url_params=authorization_url_params,
        identity=identity, session_class=session_class, storage=storage, rule_kwargs=rule_kwargs,
    )  # fmt: skip
    prefix = f"{name.upper().replace('-', '_').replace('.', '_')}_OAUTH"
    made.from_config |= {"client_id": f"{prefix}_CLIENT_ID", "client_secret": f"{prefix}_CLIENT_SECRET"}
    return made
