"""Signing in with Atlassian."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["atlassian", "make_atlassian_blueprint"]

make_atlassian_blueprint = maker("atlassian")
atlassian = session_of("atlassian")
