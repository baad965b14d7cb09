"""Signing in with X."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_x_blueprint", "x"]

make_x_blueprint = maker("x")
x = session_of("x")
