"""Signing in with OpenStreetMap."""

from demijohn.ext.oauth.making import maker, session_of

__all__ = ["make_osm_blueprint", "osm"]

make_osm_blueprint = maker("osm")
osm = session_of("osm")
