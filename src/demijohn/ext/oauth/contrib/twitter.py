"""Signing in with X by OAuth 1.0a, as when it was Twitter; the module ``x`` does it by OAuth 2.0."""

from __future__ import annotations

from typing import Any

from demijohn.ext.oauth.consumer.oauth1 import OAuth1ConsumerBlueprint
from demijohn.ext.oauth.making import session_of
from demijohn.ext.oauth.providers import PROVIDERS

__all__ = ["make_twitter_blueprint", "twitter"]


def make_twitter_blueprint(
    api_key: str | None = None, api_secret: str | None = None, **options: Any
) -> OAuth1ConsumerBlueprint:
    """Make a blueprint that signs visitors in with X.

    What it needs is given here, or is in the settings ``TWITTER_OAUTH_CLIENT_KEY`` and ``TWITTER_OAUTH_CLIENT_SECRET``.

    :param options: Those of :class:`OAuth1ConsumerBlueprint`.
    """
    row = PROVIDERS["twitter"]
    made = OAuth1ConsumerBlueprint(
        "twitter", __name__, client_key=api_key, client_secret=api_secret, base_url=row.base_url,
        request_token_url="https://api.x.com/oauth/request_token", authorization_url=row.authorization_url,
        access_token_url=row.token_url, **options,
    )  # fmt: skip
    made.from_config |= {
        "client_key": "TWITTER_OAUTH_CLIENT_KEY", "client_secret": "TWITTER_OAUTH_CLIENT_SECRET"
    }  # fmt: skip
    made.provider = "twitter"
    return made


twitter = session_of("twitter")
