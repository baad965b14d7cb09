"""Signing in with GitLab."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["gitlab", "make_gitlab_blueprint"]

make_gitlab_blueprint = maker("gitlab")
gitlab = session_of("gitlab")
