"""Signing in with Discord."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["discord", "make_discord_blueprint"]

make_discord_blueprint = maker("discord")
discord = session_of("discord")
