"""Signing in with Dexcom."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["dexcom", "make_dexcom_blueprint"]

make_dexcom_blueprint = maker("dexcom")
dexcom = session_of("dexcom")
