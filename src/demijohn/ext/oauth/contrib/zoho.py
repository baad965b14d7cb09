"""Signing in with Zoho."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_zoho_blueprint", "zoho"]

make_zoho_blueprint = maker("zoho")
zoho = session_of("zoho")
