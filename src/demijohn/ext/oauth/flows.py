"""The sign-ins that a browser has begun: what has to be known when it comes back, kept by the state it comes with.

Each is a cookie of its own, sealed, so that ten tabs that begin at the same moment all come home: changes of one
session would overwrite each other. :class:`BrowserFlows` is ours; :class:`SessionFlow` keeps one for each blueprint, in
the session, under Flask-Dance's keys. This module must not know how a code becomes a token.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from demijohn import Response, after_this_request, current_app, request, session
from demijohn.ext.oauth.sealing import seal, unseal

__all__ = ["BrowserFlows", "Flow", "SessionFlow", "new_secret"]

#: How many sign-ins one browser may have begun, and for how many seconds each is good.
MOST, LIFETIME = 10, 600
PREFIX = "oauth_flow_"
#: A page to come back to that is longer than this is not kept: a cookie has no room for it.
LONGEST_NEXT = 1500


@dataclass(frozen=True)
class Flow:
    """What is known of a sign-in that was begun."""

    #: The name of the blueprint that began it.
    provider: str
    #: What the provider sends back with the browser (RFC 6749, 10.12); of OAuth 1.0a, the request token.
    state: str
    #: The proof that who brings the code is who began (RFC 7636).
    verifier: str | None = None
    #: What the ID token has to hold (OpenID Connect Core, 3.1.2.1).
    nonce: str | None = None
    #: The page to go to afterwards, which was found to be one of this site.
    next: str | None = None
    #: The secret of OAuth 1.0a's request token.
    secret: str | None = None


def new_secret(size: int = 24) -> str:
    """A random text for a URL, of ``size`` bytes."""
    return secrets.token_urlsafe(size)


class BrowserFlows:
    """Keeps flows in cookies of their own: 10 in a browser, for 10 minutes, each good for once."""

    def __init__(self) -> None:
        self._used: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, flow: Flow, path: str) -> None:
        """Keep a flow, and forget the oldest where the browser has ten already.

        :param path: Below which path of the site the browser shows it.
        """
        known = [name for name in request.cookies if name.startswith(PREFIX)]
        if len(known) >= MOST:
            known.sort(key=lambda name: self._read(request.cookies[name])[1])
            for name in known[: len(known) - MOST + 1]:
                _on_response(partial(_set, name=name, value="", path=path, age=0))
        if flow.next and len(flow.next) > LONGEST_NEXT:
            flow = replace(flow, next=None)
        sealed = seal("flow", [asdict(flow), int(time.time())])
        _on_response(partial(_set, name=_name(flow.state), value=sealed, path=path, age=LIFETIME))

    def take(self, provider: str, state: str, path: str) -> Flow | None:
        """The flow of a state, which is used up with that; None for one that is unknown, used or expired."""
        name = _name(state)
        kept = request.cookies.get(name)
        if kept is None:
            return None
        _on_response(partial(_set, name=name, value="", path=path, age=0))
        flow, begun = self._read(kept)
        if flow is None or not 0 <= time.time() - begun + 1 <= LIFETIME + 1:
            return None
        if flow.provider != provider or not secrets.compare_digest(flow.state.encode(), state.encode()):
            return None
        return flow if self._use(state) else None

    def _use(self, state: str) -> bool:
        """Whether a state is used for the first time in this process: a cookie can be sent twice."""
        now = time.time()
        with self._lock:
            while self._used and next(iter(self._used.values())) < now - LIFETIME:
                self._used.popitem(last=False)
            if state in self._used:
                return False
            self._used[state] = now
        return True

    def _read(self, sealed: str) -> tuple[Flow | None, int]:
        found = unseal("flow", sealed)
        try:
            fields, begun = found
            return Flow(**fields), int(begun)
        except (TypeError, ValueError):
            return None, 0


class SessionFlow:
    """Keeps one flow for each blueprint, in the session, under the keys that Flask-Dance has."""

    def keep(self, flow: Flow) -> None:
        """Keep a flow in the place of the one before."""
        session[f"{flow.provider}_oauth_state"] = flow.state
        if flow.verifier:
            session[f"{flow.provider}_oauth_code_verifier"] = flow.verifier

    def take(self, provider: str, with_verifier: bool) -> Flow | None:
        """The flow of a blueprint, which is used up with that; None when there is none."""
        state, verifier = f"{provider}_oauth_state", f"{provider}_oauth_code_verifier"
        if state not in session or (with_verifier and verifier not in session):
            return None
        return Flow(provider, session.pop(state), session.pop(verifier, None) if with_verifier else None)


def _name(state: str) -> str:
    """The name of a flow's cookie, which tells nobody its state."""
    return PREFIX + hashlib.sha256(state.encode()).hexdigest()[:20]


def _on_response(change: Callable[[Response], None]) -> None:
    def changed(response: Response) -> Response:
        change(response)
        return response

    after_this_request(changed)


def _set(response: Response, name: str, value: str, path: str, age: int) -> None:
    """Set a flow's cookie: sent along when another site leads here by a link, whatever the session's does."""
    interface: Any = current_app.session_interface
    response.set_cookie(
        name, value, max_age=age, path=path, httponly=True, samesite="Lax",
        domain=interface.get_cookie_domain(current_app), secure=interface.get_cookie_secure(current_app),
    )  # fmt: skip
