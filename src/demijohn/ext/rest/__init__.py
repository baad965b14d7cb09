"""REST: typed handlers."""

from __future__ import annotations

from demijohn.ext.rest.api import Api
from demijohn.ext.rest.typed.faults import BrokenJSON, InvalidRequest
from demijohn.ext.rest.typed.options import typed
from demijohn.ext.rest.typed.parameters import BadSignature
from demijohn.ext.rest.typed.shapes import WrongAnswer
from demijohn.ext.rest.typed.sources import Body, Cookie, File, Form, Header, Path, Query

__all__ = [
    "Api", "BadSignature", "Body", "BrokenJSON", "Cookie", "File", "Form", "Header", "InvalidRequest", "Path", "Query",
    "WrongAnswer", "typed",
]  # fmt: skip
