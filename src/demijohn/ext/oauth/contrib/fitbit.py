"""Signing in with Fitbit."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["fitbit", "make_fitbit_blueprint"]

make_fitbit_blueprint = maker("fitbit")
fitbit = session_of("fitbit")
