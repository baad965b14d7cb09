"""Signing in with Facebook."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["facebook", "make_facebook_blueprint"]

make_facebook_blueprint = maker("facebook")
facebook = session_of("facebook")
