"""Signing in with Meetup."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_meetup_blueprint", "meetup"]

make_meetup_blueprint = maker("meetup")
meetup = session_of("meetup")
