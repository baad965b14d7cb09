"""Signing in by OAuth 1.0a (RFC 5849)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demijohn import redirect, request
from demijohn.ext.oauth.consumer.base import PATIENCE, BaseOAuthConsumerBlueprint, log
from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.errors import OAuthError
from demijohn.ext.oauth.flows import Flow
from demijohn.ext.oauth.ports import Folder, Identify, SessionClass, Settings
from demijohn.ext.oauth.signals import oauth_before_login, oauth_error, tell
from demijohn.extend import later

if TYPE_CHECKING:
    import requests as http

    from demijohn.ext.oauth.consumer import requests as sessions
else:
    http = later("requests")  # 80 ms with Authlib, which nobody needs before somebody signs in
    sessions = later("demijohn.ext.oauth.consumer.requests")  # likewise

__all__ = ["OAuth1ConsumerBlueprint"]


class OAuth1ConsumerBlueprint(BaseOAuthConsumerBlueprint):
    """A blueprint that signs visitors in with a provider of OAuth 1.0a.

    :param client_key: What the provider knows this application by, and :param client_secret: what proves it; or
    :param rsa_key: the private key that does, with ``signature_method="RSA-SHA1"``.
    :param request_token_url: Where a sign-in begins, :param authorization_url: where the provider asks its user, and
    :param access_token_url: where leave becomes a token. Each may be relative to :param base_url:.

    The others are those of :class:`OAuth2ConsumerBlueprint`.
    """

    needed = ("client_key",)
    #: Whether calls have their Authorization field as bytes.
    encoded_signatures = False

    def __init__(
        self,
        name: str,
        import_name: str,
        client_key: str | None = None,
        client_secret: str | None = None,
        *,
        signature_method: str = "HMAC-SHA1",
        signature_type: str = "AUTH_HEADER",
        rsa_key: str | None = None,
        client_class: object = None,
        force_include_body: bool = False,
        static_folder: Folder = None,
        static_url_path: str | None = None,
        template_folder: Folder = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        login_url: str | None = None,
        authorized_url: str | None = None,
        base_url: str | None = None,
        request_token_url: str | None = None,
        authorization_url: str | None = None,
        access_token_url: str | None = None,
        redirect_url: str | None = None,
        redirect_to: str | None = None,
        redirect_uri: str | None = None,
        identity: Identify = None,
        session_class: SessionClass = None,
        storage: BaseStorage | Callable[[], BaseStorage] | None = None,
        rule_kwargs: Settings = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name, import_name, static_folder=static_folder, static_url_path=static_url_path,
            template_folder=template_folder, url_prefix=url_prefix, subdomain=subdomain, url_defaults=url_defaults,
            root_path=root_path, login_url=login_url, authorized_url=authorized_url, redirect_url=redirect_url,
            redirect_to=redirect_to, redirect_uri=redirect_uri, identity=identity, storage=storage,
            rule_kwargs=rule_kwargs,
        )  # fmt: skip
        self.signature_method = signature_method
        self.signature_type = signature_type
        self.base_url = base_url
        self.access_token_url = access_token_url
        self.request_token_url = request_token_url
        self.authorization_url = authorization_url
        self.kwargs = kwargs
        self.session_class = session_class
        self.client_class = client_class
        self.client_secret = client_secret
        self.force_include_body = force_include_body
        self.rsa_key = rsa_key
        self.client_key = client_key

    def _new_session(self) -> Any:
        return (self.session_class or sessions.OAuth1Session)(
            client_key=self.client_key, client_secret=self.client_secret, signature_method=self.signature_method,
            signature_type=self.signature_type, rsa_key=self.rsa_key, client_class=self.client_class,
            force_include_body=self.force_include_body, blueprint=self, base_url=self.base_url, **self.kwargs,
        )  # fmt: skip

    def login(self) -> Any:
        """Get a request token, and send the browser to the provider with it."""
        self._load_plain_config()
        address = self.return_address()
        given = (self.request_token_url, self.authorization_url, self.access_token_url)
        refused = self._cannot_begin(address, *(url for url in given if url and "://" in url))
        if refused is not None:
            return refused
        session = self.session
        session.redirect_uri = address
        try:
            token = session.fetch_request_token(
                self.request_token_url, should_load_token=False, timeout=PATIENCE
            )
            session.redirect_uri = None  # of which the provider knows by now
            request_token = token["oauth_token"] if isinstance(token, dict) else None
            url = session.create_authorization_url(session.absolute(self.authorization_url), request_token)
        except (OAuthError, ValueError, http.RequestException) as error:
            return self._request_refused("request token", error)
        del session.token
        if self.keeps_flows:
            flow = Flow(
                self.name,
                token["oauth_token"],
                next=self._asked_next(),
                secret=token.get("oauth_token_secret"),
            )
            self._keep(flow)
        _, response = tell(oauth_before_login, self, url=url)
        return redirect(url) if response is None else response

    def authorized(self) -> Any:
        """Receive the browser back, and get a token for the leave that it brings."""
        self._load_plain_config()
        session = self.session
        answer = request.args
        flow: Flow | None = Flow(self.name, answer.get("oauth_token", ""))
        if self.keeps_flows:
            state = answer.get("oauth_token") or answer.get("denied")
            flow = self.flows.take(self.name, state, self._flow_path()) if state else None
            if flow is None:
                return self._unknown_flow()
        assert flow is not None
        if not answer.get("oauth_token") or not answer.get("oauth_verifier"):
            denied = OAuthError("access_denied", "Response does not contain a token and a verifier")
            return self._request_refused("access token", denied, answer.to_dict())
        session.auth.redirect_uri = None
        session.auth.token, session.auth.token_secret = flow.state, flow.secret
        session.auth.verifier = answer["oauth_verifier"]
        try:
            token = session.fetch_access_token(
                self.access_token_url, should_load_token=False, timeout=PATIENCE
            )
        except (OAuthError, ValueError, http.RequestException) as error:
            return self._request_refused("access token", error)
        try:
            return self._finish(token, flow)
        except (OAuthError, http.RequestException) as error:  # of a receiver that asked who it is
            return self._request_refused("identity", error)

    def _request_refused(self, what: str, error: Exception, response: object = None) -> Any:
        """The answer where the provider said no, or could not be reached."""
        away = isinstance(error, http.RequestException)
        if away:
            error = OAuthError("temporarily_unavailable", type(error).__name__)
        message = getattr(error, "description", None) or str(error)
        log.warning(
            "OAuth 1 %s error of %r: %r", what, self.name, getattr(error, "error", type(error).__name__)
        )
        results, response = tell(oauth_error, self, message=message, response=response)
        name = getattr(error, "error", "invalid_response")
        words = None if name == "fetch_token_denied" else message
        return self._after_error(results, response, name, words, 503 if away else 502)
