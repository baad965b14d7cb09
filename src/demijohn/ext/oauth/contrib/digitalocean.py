"""Signing in with DigitalOcean."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["digitalocean", "make_digitalocean_blueprint"]

make_digitalocean_blueprint = maker("digitalocean")
digitalocean = session_of("digitalocean")
