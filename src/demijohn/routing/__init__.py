"""Routing: URL rules, their map, and the router compiled from it.

``Map`` and ``Rule`` are Werkzeug's with its whole public interface; ``Router`` answers the common
requests and URL buildings of a frozen map without Werkzeug's matcher. The room knows neither
requests nor the application.
"""

from __future__ import annotations

from werkzeug.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)

from demijohn.routing.map import Map, Rule
from demijohn.routing.router import Router

__all__ = [
    "AnyConverter",
    "BaseConverter",
    "FloatConverter",
    "IntegerConverter",
    "Map",
    "PathConverter",
    "Router",
    "Rule",
    "UUIDConverter",
    "UnicodeConverter",
]
