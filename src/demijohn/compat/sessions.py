"""Sessions as Flask 3.1.3 has them: that a session was looked at is noted by the request's context.

Our own note it themselves, at every way of reading, so code that reads the session object of a context
it holds (a session interface, say) would add ``Vary: Cookie`` where Flask does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from demijohn import sessions
from demijohn.errors import MissingSecretKey

__all__ = ["NullSession", "SecureCookieSession", "SecureCookieSessionInterface", "SessionInterface"]


class SecureCookieSession(sessions.SecureCookieSession):
    """A session kept in a signed cookie, which knows whether it was changed.

    :param initial: What the cookie held.
    """

    permanent: Any = sessions.SessionMixin.permanent

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        dict.__init__(self, initial or {})


for _name in (
    "__getitem__", "get", "__contains__", "__len__", "__iter__", "__reversed__", "keys", "values", "items",
    "copy", "__eq__", "__ne__", "__or__", "__ror__",
):  # fmt: skip
    setattr(SecureCookieSession, _name, getattr(dict, _name))


class NullSession(SecureCookieSession):
    """What stands in for the session of an application without a secret key."""

    def _fail(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise MissingSecretKey.for_session()

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _fail
    del _fail


class SessionInterface(sessions.SessionInterface):
    """Opens the session of a request and saves it with the response."""

    null_session_class = NullSession


class SecureCookieSessionInterface(sessions.SecureCookieSessionInterface, SessionInterface):
    """Keeps the session in a signed cookie."""

    _plain = True
    session_class = SecureCookieSession
