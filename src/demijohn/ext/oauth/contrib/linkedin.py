"""Signing in with LinkedIn."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["linkedin", "make_linkedin_blueprint"]

make_linkedin_blueprint = maker("linkedin")
linkedin = session_of("linkedin")
