"""What blueprints of OAuth 1 and 2 have in common: two views, the session, the token, and what refuses a sign-in."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from werkzeug.datastructures import CallbackDict

from demijohn import (
    Blueprint, Flask, current_app, g, has_app_context, has_request_context, redirect, request, safe_redirect, url_for,
)  # fmt: skip
from demijohn.ext.oauth.address import MEND, is_plain, return_address
from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.consumer.storage.session import SessionStorage
from demijohn.ext.oauth.errors import TokenTooLarge
from demijohn.ext.oauth.flows import BrowserFlows, Flow, SessionFlow
from demijohn.ext.oauth.pages import problem
from demijohn.ext.oauth.ports import Folder, Identify, Settings, Token
from demijohn.ext.oauth.signals import oauth_authorized, oauth_before_login, oauth_error, tell
from demijohn.ext.oauth.utils import getattrd
from demijohn.extend import Filled, current_application, current_request, is_safe_url

__all__ = ["BaseOAuthConsumerBlueprint", "oauth_authorized", "oauth_before_login", "oauth_error"]

log = logging.getLogger("demijohn.ext.oauth")

#: For how many seconds a provider's silence is borne while a browser waits to be signed in.
PATIENCE = 5

#: Called when a blueprint is registered with an application: commands, checks and answers to errors are given there.
attached: list[Callable[[Flask, BaseOAuthConsumerBlueprint], None]] = []


class BaseOAuthConsumerBlueprint(Blueprint):
    """A blueprint with two views: ``login`` sends a browser to the provider, ``authorized`` receives it back."""

    #: What a sign-in needs to know of this application, and the setting that a made blueprint reads it from.
    needed: tuple[str, ...] = ()
    #: The provider's name in the table, where it is one of those.
    provider: str = ""

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        static_folder: Folder = None,
        static_url_path: str | None = None,
        template_folder: Folder = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        login_url: str | None = None,
        authorized_url: str | None = None,
        redirect_url: str | None = None,
        redirect_to: str | None = None,
        redirect_uri: str | None = None,
        identity: Identify = None,
        storage: BaseStorage | Callable[[], BaseStorage] | None = None,
        rule_kwargs: Settings = None,
    ) -> None:
        super().__init__(
            name, import_name, static_folder=static_folder, static_url_path=static_url_path,
            template_folder=template_folder, url_prefix=url_prefix, subdomain=subdomain, url_defaults=url_defaults,
            root_path=root_path,
        )  # fmt: skip
        rules = {"login": login_url or "/{bp.name}", "authorized": authorized_url or "/{bp.name}/authorized"}
        for endpoint, rule in rules.items():
            self.add_url_rule(rule.format(bp=self), endpoint, getattr(self, endpoint), **(rule_kwargs or {}))
        self.redirect_url = redirect_url
        self.redirect_to = redirect_to
        #: The address that the provider sends browsers back to, where the request cannot tell it.
        self.redirect_uri = redirect_uri
        #: Who somebody is, found by the session that has just got a token: see :func:`sign_in`.
        self.identity = identity
        self.storage: BaseStorage = SessionStorage() if storage is None else _made(storage)
        self.logged_in_funcs: list[Any] = []
        #: Which attribute of the blueprint has its value from which setting of the application.
        self.from_config: dict[str, str] = {}
        #: The ``user`` or ``user_id`` of a storage, where they are not given to it.
        self.config: Any = CallbackDict(on_update=lambda _: self._forget_found())
        self.flows = BrowserFlows()
        self._session_flow = SessionFlow()
        self._loose: Any = None
        self._registered: WeakKeyDictionary[Flask, str] = WeakKeyDictionary()
        self.record(self._attach)

    def _attach(self, state: Any) -> None:
        app: Flask = state.app
        name = f"{state.name_prefix}.{state.name}".lstrip(".")
        self._registered[app] = name
        app.extensions.setdefault("oauth", {})[name] = self
        for function in attached:
            function(app, self)

    def endpoint_of(self, view: str) -> str:
        """The endpoint of ``login`` or ``authorized`` in the current application."""
        return f"{self._registered.get(current_application(), self.name)}.{view}"

    def load_config(self) -> None:
        """Take over what :attr:`from_config` names of the application's settings."""
        dotted = []
        for name, setting in self.from_config.items():
            value = current_app.config.get(setting)
            if value and "." in name:
                dotted.append((name, value))
            elif value:
                setattr(self, name, value)
        for name, value in dotted:
            body, _, tail = name.rpartition(".")
            setattr(getattrd(self, body), tail, value)

    # The session with the provider, and the token.

    @property
    def session(self) -> Any:
        """The session with the provider: one for each request, so that nobody has somebody else's.

        One that is asked for before there is any request (to decorate views, or by a test that changes it) is the one
        of the first request.
        """
        if not has_app_context():
            if self._loose is None:
                self._loose = self._new_session()
            return self._loose
        known = g.setdefault("_oauth_sessions", {})
        asked = current_request() if has_request_context() else None
        found = known.get(self)
        if found is None or found[0] is not asked:
            session, self._loose = self._loose, None
            if session is None:
                # Plain settings are for the session, and dotted ones are set on it.
                self._load_plain_config()
                session = self._new_session()
            else:
                del session.token
            found = known[self] = (asked, session)
            self.load_config()
        return found[1]

    @session.setter
    def session(self, session: object) -> None:
        if has_app_context():
            asked = current_request() if has_request_context() else None
            g.setdefault("_oauth_sessions", {})[self] = (asked, session)
        else:
            self._loose = session

    @session.deleter
    def session(self) -> None:
        self._loose = None
        if has_app_context():
            g.setdefault("_oauth_sessions", {}).pop(self, None)

    def teardown_session(self, exception: BaseException | None = None) -> None:
        """Forget the session."""
        del self.session

    def _load_plain_config(self) -> None:
        for name, setting in self.from_config.items():
            value = current_app.config.get(setting)
            if value and "." not in name:
                self._set_plain(name, value)

    def _set_plain(self, name: str, value: object) -> None:
        setattr(self, name, value)

    @abstractmethod
    def _new_session(self) -> Any:
        """A session for one request."""

    def _forget_found(self) -> None:
        if has_app_context() and self in g.get("_oauth_sessions", ()):
            del self.session.token

    @property
    def token(self) -> Any:
        """The token of the current user, from the storage; setting and deleting it changes that."""
        token = self.storage.get(self)
        if isinstance(token, dict) and token.get("expires_in") and token.get("expires_at"):
            token["expires_in"] = token["expires_at"] - time.time()
        return token

    @token.setter
    def token(self, token: Token | None) -> None:
        if isinstance(token, dict) and token.get("expires_in"):
            token["expires_at"] = time.time() + int(token["expires_in"])
        self.storage.set(self, token)
        self._forget_found()

    @token.deleter
    def token(self) -> None:
        self.storage.delete(self)
        self._forget_found()

    # The two views, and what they share.

    @abstractmethod
    def login(self) -> Any:
        """Send the browser to the provider."""

    @abstractmethod
    def authorized(self) -> Any:
        """Receive it back, with leave to act for its user or without."""

    @property
    def keeps_flows(self) -> bool:
        """Whether sign-ins are kept by their state, rather than one for each blueprint, as in Flask-Dance."""
        return current_app.policy.kept_flows

    def next_url(self) -> str:
        """Where a sign-in leads that was not begun for a page."""
        return self.redirect_url or (url_for(self.redirect_to) if self.redirect_to else "/")

    def return_address(self) -> str:
        """The address that the provider is told to send the browser to."""
        return return_address(self.endpoint_of("authorized"), self.redirect_uri)

    def login_address(self) -> str:
        """The address of the login view, which leads back to the current page."""
        back = self.keeps_flows and request.method in ("GET", "HEAD")
        return url_for(self.endpoint_of("login"), next=request.full_path.rstrip("?") if back else None)

    def send_to_login(self) -> Any:
        """A redirect to the login view, and from there back to the current page."""
        return redirect(self.login_address())

    def _keep(self, flow: Flow) -> None:
        if self.keeps_flows:
            self.flows.keep(flow, self._flow_path())
        else:
            self._session_flow.keep(flow)

    def _flow_path(self) -> str:
        """Below which path of the site both views are."""
        if self.redirect_uri:
            return "/"  # a proxy may show the site elsewhere than it is
        login, authorized = (
            urlsplit(url_for(self.endpoint_of(view), _external=False)).path
            for view in ("login", "authorized")
        )
        return login if authorized.startswith(login + "/") else "/"

    def _asked_next(self) -> str | None:
        """The page to come back to that the link to the login view names, when it is one of this site."""
        page = request.args.get("next")
        return page if page and is_safe_url(page) else None

    def _cannot_begin(self, address: str, *provider: str) -> Any:
        """The page that says why nobody can sign in here, or None when they can."""
        if not self.keeps_flows:
            return None
        missing = [name for name in self.needed if not getattr(self, name)]
        if missing:
            settings = [self.from_config.get(name, f"{name}=") for name in missing]
            text = Filled(
                "The blueprint %(name)s has no %(missing)s: set %(settings)s.",
                name=repr(self.name),
                missing=", ".join(missing),
                settings=", ".join(settings),
            )
        elif is_plain(address):
            text = Filled(
                f"The address that %(name)s would send browsers back to is plain HTTP (%(address)s). {MEND}",
                name=repr(self.name),
                address=address,
            )
        elif any(is_plain(given) for given in provider):
            text = Filled(
                "The provider %(name)s has an address of plain HTTP, and would be sent the client's secret so.",
                name=repr(self.name),
            )
        else:
            return None
        log.error("Nobody can sign in: %s", text)
        return problem(500, "Signing in is not set up", text)

    def _unknown_flow(self) -> Any:
        """The page for a browser that comes back from a sign-in that it did not begin, or not in time."""
        log.warning("Somebody came back from %r with a state that is unknown, used or expired.", self.name)
        return problem(
            400, "This sign-in cannot be finished",
            "It was begun too long ago, in another browser, or was finished already.",
            again=url_for(self.endpoint_of("login")),
        )  # fmt: skip

    def _refused(
        self, error: str, description: str | None = None, uri: str | None = None, *, status: int = 502
    ) -> Any:
        """The answer where a provider said no: a receiver's, else the page that signing in leads to, or one of ours."""
        log.warning("Signing in with %r failed: %r (%r)", self.name, error, description)
        results, response = tell(oauth_error, self, error=error, error_description=description, error_uri=uri)
        return self._after_error(results, response, error, description, status)

    def _after_error(
        self, results: list[Any], response: object, error: str, description: str | None, status: int
    ) -> Any:
        if response is not None:
            return response
        if results or not self.keeps_flows:
            return redirect(self.next_url())
        again = url_for(self.endpoint_of("login"))
        words = f"{error}: {description}" if description else error
        if error == "access_denied":
            return problem(403, "You were not signed in", "Access was refused.", words=words, again=again)
        text = (
            "The provider could not be reached." if status == 503 else "The provider answered with an error."
        )
        return problem(status, "You could not be signed in", text, words=words, again=again)

    def _finish(self, token: Token, flow: Flow) -> Any:
        """Tell receivers of a token, store it unless they say otherwise, and send the browser on."""
        self.session.token = token
        results, response = tell(oauth_authorized, self, token=token)
        if response is not None:
            return response
        if not any(result == False for result in results):  # noqa: E712 - as in Flask-Dance, 0 says so too
            try:
                self.token = token
            except TokenTooLarge as error:
                log.error("The token of %r was not stored: %s.", self.name, error.description)
                return problem(
                    500, "You could not be signed in",
                    "What the provider sent is too large to be kept in a cookie. The application's log says more.",
                )  # fmt: skip
            except ValueError as error:
                log.warning("The token of %r was not stored: %s", self.name, error)
                results, response = tell(oauth_error, self, error=error)
                return self._after_error(results, response, "not_stored", str(error), 500)
        else:
            del self.session.token
        return safe_redirect(flow.next, self.next_url()) if flow.next else redirect(self.next_url())


def _made(storage: BaseStorage | Callable[[], BaseStorage]) -> Any:
    return storage() if callable(storage) else storage
