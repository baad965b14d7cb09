"""Blueprints that sign visitors in, their sessions with the provider, and the signals they send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demijohn.ext.oauth.consumer.base import oauth_authorized, oauth_before_login, oauth_error
from demijohn.ext.oauth.consumer.oauth1 import OAuth1ConsumerBlueprint
from demijohn.ext.oauth.consumer.oauth2 import OAuth2ConsumerBlueprint
from demijohn.extend import later

if TYPE_CHECKING:
    from demijohn.ext.oauth.consumer import requests as sessions
else:
    sessions = later("demijohn.ext.oauth.consumer.requests")  # 150 ms with Authlib and requests

__all__ = [
    "OAuth1ConsumerBlueprint", "OAuth1Session", "OAuth2ConsumerBlueprint", "OAuth2Session", "oauth_authorized",
    "oauth_before_login", "oauth_error",
]  # fmt: skip

OAuth1Session: type[sessions.OAuth1Session]
OAuth2Session: type[sessions.OAuth2Session]


def __getattr__(name: str) -> Any:
    if name in ("OAuth1Session", "OAuth2Session"):
        return getattr(sessions, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
