"""Tokens in the browser's session: encrypted, since a session's cookie is signed and anybody who has it can read it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from demijohn import current_app, session
from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.errors import TokenTooLarge
from demijohn.ext.oauth.ports import Owner, Token
from demijohn.ext.oauth.sealing import seal, unseal
from demijohn.sessions import SecureCookieSessionInterface

__all__ = ["SessionStorage"]

PURPOSE = "token in a session"
#: What a cookie needs beside its value: its name and attributes.
AROUND = 120


class SessionStorage(BaseStorage):
    """Keeps tokens in the session.

    :param key: The key in the session; ``{bp.name}`` is the blueprint's name.
    :param user_id: Returns the id of the current user: the token is then nobody else's who signs in with this browser.
    :param encrypted: Whether the token is encrypted; by default natively (``policy.sealed_tokens``).
    """

    def __init__(
        self,
        key: str = "{bp.name}_oauth_token",
        *,
        user_id: Callable[[], Any] | None = None,
        encrypted: bool | None = None,
    ) -> None:
        self.key = key
        self.user_id = user_id
        self.encrypted = encrypted

    def get(self, blueprint: Owner) -> Any:
        """The token, or None."""
        kept = session.get(self.key.format(bp=blueprint))
        if isinstance(kept, str):
            kept = unseal(PURPOSE, kept)
            if kept is None:
                return None
            kept, owner = kept
            return kept if self.user_id is None or owner == self.whose(blueprint) else None
        return kept if self.user_id is None else None

    def set(self, blueprint: Owner, token: Token | None) -> None:
        """Keep a token.

        :raises TokenTooLarge: when the session is a cookie that would grow too large for browsers.
        """
        key = self.key.format(bp=blueprint)
        encrypted = current_app.policy.sealed_tokens if self.encrypted is None else self.encrypted
        if encrypted or self.user_id is not None:
            session[key] = seal(PURPOSE, [token, self.whose(blueprint)])
        else:
            session[key] = token
        size, most = _cookie_size()
        if current_app.policy.sealed_tokens and most and size > most:
            del session[key]
            raise TokenTooLarge(
                "token_too_large",
                f"with the token of {blueprint.name!r} the session's cookie would have {size} bytes, of which browsers"
                f" keep {most}: use server-side sessions (SESSION_TYPE), or another storage for the token",
            )

    def delete(self, blueprint: Owner) -> None:
        """Forget the token."""
        session.pop(self.key.format(bp=blueprint), None)

    def whose(self, blueprint: Owner) -> Hashable:
        """The id of the current user, as text."""
        if self.user_id is None:
            return None
        found = self.user_id()
        return None if found is None else str(found)


def _cookie_size() -> tuple[int, int]:
    """How large the session's cookie would be, and how large one may be; zeros where sessions are kept elsewhere."""
    interface = current_app.session_interface
    if not isinstance(interface, SecureCookieSessionInterface):
        return 0, 0
    serializer = interface.get_signing_serializer(current_app)
    if serializer is None:
        return 0, 0
    return len(serializer.dumps(dict(session))) + AROUND, current_app.config["MAX_COOKIE_SIZE"] or 0
