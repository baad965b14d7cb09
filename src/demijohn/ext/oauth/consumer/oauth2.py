"""Signing in by OAuth 2.0's code flow (RFC 6749, 7636, 9700)."""

from __future__ import annotations

from collections.abc import Callable
import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from demijohn import redirect, request, url_for
from demijohn.ext.oauth.consumer.base import PATIENCE, BaseOAuthConsumerBlueprint, log
from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.errors import OAuthError, ProviderAway, TokenExpired
from demijohn.ext.oauth.flows import Flow, new_secret
from demijohn.ext.oauth.ports import Folder, Identify, Scope, SessionClass, Settings, Token
from demijohn.ext.oauth.renewals import Renewals
from demijohn.ext.oauth.signals import oauth_before_login, tell
from demijohn.extend import later

if TYPE_CHECKING:
    import requests as http

    from demijohn.ext.oauth.consumer import requests as sessions
else:
    http = later("requests")  # 80 ms with Authlib, which nobody needs before somebody signs in
    sessions = later("demijohn.ext.oauth.consumer.requests")  # likewise

__all__ = ["OAuth2ConsumerBlueprint"]


class OAuth2ConsumerBlueprint(BaseOAuthConsumerBlueprint):
    """A blueprint that signs visitors in with a provider of OAuth 2.0.

    :param name: Its name, and by default a part of its addresses: ``/<name>`` and ``/<name>/authorized``.
    :param client_id: What the provider knows this application by, and :param client_secret: what proves it.
    :param scope: What this application asks for: a text, or a list.
    :param base_url: What addresses of calls are relative to.
    :param authorization_url: Where the provider asks its user; ``authorization_url_params`` are added to it.
    :param token_url: Where a code becomes a token; ``token_url_params`` are passed to ``session.fetch_token``.
    :param auto_refresh_url: Where an expired token becomes a new one, where that is not ``token_url``.
    :param revocation_url: Where a token is ended (RFC 7009).
    :param redirect_url: The page to go to afterwards, or :param redirect_to: its endpoint; without either ``/``.
    :param redirect_uri: The whole address of ``authorized`` as the provider knows it, where requests cannot tell.
    :param session_class: The class of sessions. :param storage: Where tokens are kept: a storage, or its class.
    :param identity: A function of the session that says who somebody is, for :func:`sign_in`.
    :param use_pkce: As in Flask-Dance, of which natively nothing depends: there is always a verifier, by S256.
    :param state: A state that is always the same. Under compatibility only.
    :param kwargs: Passed to the class of sessions.
    """

    needed = ("client_id", "client_secret")

    def __init__(
        self, name: str, import_name: str, client_id: str | None = None, client_secret: str | None = None,
        *, client: object = None, auto_refresh_url: str | None = None,
        auto_refresh_kwargs: Settings = None, scope: Scope = None, state: str | None = None,
        static_folder: Folder = None, static_url_path: str | None = None, template_folder: Folder = None,
        url_prefix: str | None = None, subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None, root_path: str | None = None,
        login_url: str | None = None, authorized_url: str | None = None, base_url: str | None = None,
        authorization_url: str | None = None, authorization_url_params: dict[str, Any] | None = None,
        token_url: str | None = None, token_url_params: dict[str, Any] | None = None,
        revocation_url: str | None = None, redirect_url: str | None = None, redirect_to: str | None = None,
        redirect_uri: str | None = None, identity: Identify = None, session_class: SessionClass = None,
        storage: BaseStorage | Callable[[], BaseStorage] | None = None, rule_kwargs: Settings = None,
        use_pkce: bool = False, code_challenge_method: str = "S256", **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(
            name, import_name, static_folder=static_folder, static_url_path=static_url_path,
            template_folder=template_folder, url_prefix=url_prefix, subdomain=subdomain, url_defaults=url_defaults,
            root_path=root_path, login_url=login_url, authorized_url=authorized_url, redirect_url=redirect_url,
            redirect_to=redirect_to, redirect_uri=redirect_uri, identity=identity, storage=storage,
            rule_kwargs=rule_kwargs,
        )  # fmt: skip
        self._client_id = client_id
        self.code_challenge_method = code_challenge_method
        self.use_pkce = use_pkce
        self.scope = scope
        self.state = state
        self.base_url = base_url
        self.auto_refresh_url = auto_refresh_url
        self.token_url = token_url
        self.revocation_url = revocation_url
        self.authorization_url = authorization_url
        self.kwargs = kwargs
        self.auto_refresh_kwargs = auto_refresh_kwargs
        self._renewals = Renewals()
        self.token_url_params = token_url_params or {}
        self.authorization_url_params = authorization_url_params or {}
        self.session_class = session_class
        self.client_secret = client_secret
        self.client = client

    @property
    def client_id(self) -> Any:
        """What the provider knows this application by."""
        return self.session.client_id

    @client_id.setter
    def client_id(self, client_id: str | None) -> None:
        self._client_id = client_id
        self.session.client_id = client_id

    def _set_plain(self, name: str, value: object) -> None:
        if name == "client_id":  # of which the property asks the session that is being made
            self._client_id = str(value)
        else:
            setattr(self, name, value)

    def _new_session(self) -> Any:
        made = (self.session_class or sessions.OAuth2Session)(
            client_id=self._client_id, client=self.client, auto_refresh_url=self.auto_refresh_url,
            auto_refresh_kwargs=self.auto_refresh_kwargs, scope=self.scope, state=self.state, blueprint=self,
            base_url=self.base_url, **self.kwargs,
        )  # fmt: skip
        made.client_secret = self.client_secret
        return self.session_created(made)

    def session_created(self, session: sessions.OAuth2Session) -> Any:
        """For a subclass: what is to be done with each new session, or another in its place."""
        return session

    # The two views.

    def login(self) -> Any:
        """Send the browser to the provider."""
        self.load_config()
        address = self.return_address()
        try:
            refused = self._cannot_begin(address, *filter(None, (self.authorization_url, self.token_url)))
            if refused is not None:
                return refused
            flow, params = self._begin()
            self.session.redirect_uri = address
            url, _ = self.session.authorization_url(
                self.authorization_url, state=flow.state, **{**self.authorization_url_params, **params}
            )
        except ProviderAway as error:
            return self._refused(error.error, error.description, status=503)
        except OAuthError as error:
            return self._refused(error.error, error.description)
        self._keep(flow)
        _, response = tell(oauth_before_login, self, url=url)
        return redirect(url) if response is None else response

    def _begin(self) -> tuple[Flow, dict[str, Any]]:
        """A new flow, and what of it the provider is told."""
        if not self.keeps_flows:
            flow = Flow(self.name, self.state or new_secret(), new_secret(36) if self.use_pkce else None)
            return flow, challenge(flow.verifier) if self.code_challenge_method == "S256" else {}
        flow = Flow(self.name, new_secret(), new_secret(36), None, self._asked_next())
        return flow, challenge(flow.verifier)

    def authorized(self) -> Any:
        """Receive the browser back, and get a token for the code that it brings."""
        self.load_config()
        flow, answer = self._came_back()
        if flow is None:
            return answer
        session = self.session
        try:
            self._check_answer()
            session.state = flow.state
            session.redirect_uri = self.return_address()
            given = {"code_verifier": flow.verifier} if flow.verifier else {}
            token = session.fetch_token(
                self.token_url, authorization_response=request.url, client_secret=self.client_secret,
                **{"timeout": PATIENCE, **self.token_url_params, **given},
            )  # fmt: skip
            self._check_token(token, flow)
            return self._finish(token, flow)
        except ProviderAway as error:
            return self._refused(error.error, error.description, status=503)
        except OAuthError as error:
            return self._refused(error.error, error.description, error.uri)
        except http.RequestException as error:
            return self._refused("temporarily_unavailable", type(error).__name__, status=503)

    def _came_back(self) -> tuple[Flow | None, Any]:
        """The flow that a browser comes back from, or the answer to one that comes without leave."""
        state, error = request.args.get("state"), request.args.get("error")
        flow = None
        if self.keeps_flows and (state or not error):
            flow = self.flows.take(self.name, state, self._flow_path()) if state else None
            if flow is None:
                return None, self._unknown_flow()
        if error:
            description, uri = request.args.get("error_description"), request.args.get("error_uri")
            return None, self._refused(error, description, uri)
        if flow is None:
            flow = self._session_flow.take(self.name, self.use_pkce)
            if flow is None:
                return None, redirect(url_for(self.endpoint_of("login")))
            if not secrets.compare_digest(flow.state.encode(), (state or "").encode()):
                return None, self._unknown_flow()
        return flow, None

    def _check_answer(self) -> None:
        """Look at what the provider sent the browser back with.

        :raises OAuthError: when it cannot be used.
        """
        if not request.args.get("code"):
            raise OAuthError("invalid_response", "the provider sent no code")

    def _check_token(self, token: Token, flow: Flow) -> None:
        """For a subclass: whether a token can be trusted.

        :raises OAuthError: when it cannot.
        """

    # What becomes of a token.

    def renew(self, session: sessions.OAuth2Session, token: Token) -> Any:
        """A new token for one that has expired; it is stored, and so is the end of one that the provider ended.

        :raises TokenExpired: when there is no new one.
        :raises ProviderAway: when the provider does not answer.
        """
        refresh_token = token.get("refresh_token")
        url = self.auto_refresh_url or self.token_url
        if not refresh_token or not url:
            raise TokenExpired("token_expired", "the token has expired, and cannot be renewed", self.name)
        try:
            new = self._renewals.renew(token, lambda: self._ask_anew(session, url, refresh_token))
            new = {
                "refresh_token": refresh_token,
                **{name: token[name] for name in ("id_token",) if name in token},
                **new,
            }
            self._check_renewed(new, token)
        except http.RequestException as error:
            raise ProviderAway("temporarily_unavailable", type(error).__name__) from None
        except OAuthError as error:
            if error.error not in ("invalid_grant", "invalid_id_token"):
                raise
            log.info("The provider %r has ended a token: %r", self.name, error.error)
            del self.token
            raise TokenExpired(error.error, error.description, self.name) from None
        self.token = new
        return self.token

    def _ask_anew(self, session: sessions.OAuth2Session, url: str, refresh_token: str) -> Any:
        auth = session.client_auth(session.client_auth_method(self.token_url_params.get("include_client_id")))
        given = dict(self.auto_refresh_kwargs or {})
        given = {name: value for name, value in given.items() if name not in ("client_id", "client_secret")}
        new = dict(
            session.refresh_token(url, refresh_token=refresh_token, auth=auth, timeout=PATIENCE, **given)
        )
        del session.token
        return new

    def _check_renewed(self, new: Token, old: Token) -> None:
        """For a subclass: whether a renewed token can be trusted.

        :raises OAuthError: when it cannot.
        """

    def revoke(self) -> bool:
        """Forget the token of the current user, and have the provider end it (RFC 7009).

        :returns: Whether the provider says that it did. The token is forgotten here in any case.
        """
        token = self.token
        if not token:
            return False
        session = self.session
        del self.token
        try:
            if not self.revocation_url:
                return False
            hint = "refresh_token" if token.get("refresh_token") else "access_token"
            answer = session.revoke_token(
                self.revocation_url, token=token.get(hint), token_type_hint=hint, timeout=PATIENCE,
                auth=session.client_auth(session.client_auth_method(self.token_url_params.get("include_client_id"))),
            )  # fmt: skip
        except (http.RequestException, OAuthError) as error:
            log.warning("The provider %r did not end a token: %s", self.name, type(error).__name__)
            return False
        return bool(answer.status_code < 300)


def challenge(verifier: str | None) -> dict[str, str]:
    """What the provider is told of a verifier (RFC 7636, 4.2): its digest by S256."""
    if verifier is None:
        return {}
    digest = hashlib.sha256(verifier.encode()).digest()
    return {
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
