"""Signing in with Spotify."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_spotify_blueprint", "spotify"]

make_spotify_blueprint = maker("spotify")
spotify = session_of("spotify")
