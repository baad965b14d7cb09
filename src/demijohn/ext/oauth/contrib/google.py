"""Signing in with Google."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["google", "make_google_blueprint"]

make_google_blueprint = maker("google")
google = session_of("google")
