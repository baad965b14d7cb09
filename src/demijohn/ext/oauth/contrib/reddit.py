"""Signing in with Reddit."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_reddit_blueprint", "reddit"]

make_reddit_blueprint = maker("reddit")
reddit = session_of("reddit")
