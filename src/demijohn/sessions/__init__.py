"""Sessions: a dictionary that stays with the browser from one request to the next.

The default keeps it in a signed cookie that Flask reads too, and reads Flask's. Another way of
keeping it is a :class:`SessionInterface` on ``app.session_interface``.
"""

from __future__ import annotations

from demijohn.json.tag import TaggedJSONSerializer
from demijohn.sessions.interface import SessionInterface
from demijohn.sessions.secure_cookie import SecureCookieSessionInterface, session_json_serializer
from demijohn.sessions.session import NullSession, SecureCookieSession, SessionMixin

__all__ = [
    "NullSession",
    "SecureCookieSession",
    "SecureCookieSessionInterface",
    "SessionInterface",
    "SessionMixin",
    "TaggedJSONSerializer",
    "session_json_serializer",
]
