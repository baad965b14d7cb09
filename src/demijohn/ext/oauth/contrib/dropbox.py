"""Signing in with Dropbox."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["dropbox", "make_dropbox_blueprint"]

make_dropbox_blueprint = maker("dropbox")
dropbox = session_of("dropbox")
