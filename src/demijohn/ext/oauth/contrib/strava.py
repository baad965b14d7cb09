"""Signing in with Strava."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_strava_blueprint", "strava"]

make_strava_blueprint = maker("strava")
strava = session_of("strava")
