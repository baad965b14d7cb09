"""Signing in with GitHub."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["github", "make_github_blueprint"]

make_github_blueprint = maker("github")
github = session_of("github")
