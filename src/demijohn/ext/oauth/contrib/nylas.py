"""Signing in with Nylas."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_nylas_blueprint", "nylas"]

make_nylas_blueprint = maker("nylas")
nylas = session_of("nylas")
