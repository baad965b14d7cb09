"""Signing in with Microsoft Entra ID, by its older name."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["azure", "make_azure_blueprint"]

make_azure_blueprint = maker("azure")
azure = session_of("azure")
