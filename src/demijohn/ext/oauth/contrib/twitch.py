"""Signing in with Twitch."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_twitch_blueprint", "twitch"]

make_twitch_blueprint = maker("twitch")
twitch = session_of("twitch")
