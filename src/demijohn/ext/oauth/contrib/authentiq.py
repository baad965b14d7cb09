"""Signing in with Authentiq."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["authentiq", "make_authentiq_blueprint"]

make_authentiq_blueprint = maker("authentiq")
authentiq = session_of("authentiq")
