"""Signing in with Slack."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_slack_blueprint", "slack"]

make_slack_blueprint = maker("slack")
slack = session_of("slack")
