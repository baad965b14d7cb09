"""Small parts of Flask-RESTful that its users import: a status' phrase, and what a method's tuple means."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from werkzeug.http import HTTP_STATUS_CODES

__all__ = ["OrderedDict", "PY3", "http_status_message", "unpack"]

#: COMPAT: what was asked when there were two.
PY3 = True


def http_status_message(code: int) -> str:
    """The phrase of a status code, empty for one that has none."""
    return HTTP_STATUS_CODES.get(code, "")


def unpack(value: object) -> tuple[Any, Any, Any]:
    """What a resource's method returned as data, status and header fields.

    A tuple of three is all of these, of two the first two; everything else, also another tuple, is data.
    """
    if isinstance(value, tuple):
        if len(value) == 3:
            return value
        if len(value) == 2:
            return value[0], value[1], {}
    return value, 200, {}
