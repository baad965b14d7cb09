"""Signing in with Salesforce."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_salesforce_blueprint", "salesforce"]

make_salesforce_blueprint = maker("salesforce")
salesforce = session_of("salesforce")
