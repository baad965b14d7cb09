"""COMPAT: the addresses and scopes that Flask-Dance has for some providers, in the place of those of today.

An application may have registered with a provider for these, and its tests expect them. They also decode the
Authorization field of OAuth 1.0a, which requests-oauthlib hands to requests as bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from demijohn.ext.oauth.consumer.oauth1 import OAuth1ConsumerBlueprint
from demijohn.ext.oauth.providers import PROVIDERS

__all__ = ["OLDER", "adapt"]

OLDER: dict[str, dict[str, Any]] = {
    "digitalocean": {"base_url": "https://cloud.digitalocean.com/v1/oauth"},
    "discord": {"authorization_url": "https://discord.com/api/oauth2/authorize"},
    "dropbox": {"base_url": "https://api.dropbox.com/2/", "token_url": "https://api.dropbox.com/oauth2/token"},
    "google": {
        "authorization_url": "https://accounts.google.com/o/oauth2/auth",
        "token_url": "https://accounts.google.com/o/oauth2/token",
    },
    "meetup": {"base_url": "https://api.meetup.com/2/"},
    "nylas": {
        "base_url": "https://api.nylas.com/", "authorization_url": "https://api.nylas.com/oauth/authorize",
        "token_url": "https://api.nylas.com/oauth/token",
    },
    "slack": {
        "authorization_url": "https://{team}slack.com/oauth/authorize",
        "token_url": "https://slack.com/api/oauth.access", "scope": ["identify", "chat:write:bot"],
    },
    "strava": {
        "authorization_url": "https://www.strava.com/api/v3/oauth/authorize",
        "token_url": "https://www.strava.com/api/v3/oauth/token",
    },
}  # fmt: skip

OAuth1ConsumerBlueprint.encoded_signatures = True


def adapt() -> None:
    """Put them there, for this process."""
    PROVIDERS.update({name: replace(PROVIDERS[name], **older) for name, older in OLDER.items()})
