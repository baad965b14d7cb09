"""Puts this package's request and response in the place of Werkzeug's, for Werkzeug's own tests."""

from __future__ import annotations

import json

import werkzeug
from werkzeug import wrappers

from demijohn.compat.wrappers import Request, Response


class PlainResponse(Response):
    """With Werkzeug's defaults, where Flask has others."""

    default_mimetype = "text/plain"
    json_module = json
    max_cookie_size = wrappers.Response.max_cookie_size
    autocorrect_location_header = wrappers.Response.autocorrect_location_header


wrappers.Request = werkzeug.Request = Request  # type: ignore[assignment,misc]
wrappers.Response = werkzeug.Response = PlainResponse  # type: ignore[assignment,misc]
