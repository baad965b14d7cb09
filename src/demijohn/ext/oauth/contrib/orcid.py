"""Signing in with ORCID."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_orcid_blueprint", "orcid"]

make_orcid_blueprint = maker("orcid")
orcid = session_of("orcid")
