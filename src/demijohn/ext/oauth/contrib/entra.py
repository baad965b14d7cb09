"""Signing in with Microsoft Entra ID."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["entra", "make_entra_blueprint"]

make_entra_blueprint = maker("entra")
entra = session_of("entra")
