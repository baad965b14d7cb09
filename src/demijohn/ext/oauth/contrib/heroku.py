"""Signing in with Heroku."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["heroku", "make_heroku_blueprint"]

make_heroku_blueprint = maker("heroku")
heroku = session_of("heroku")
