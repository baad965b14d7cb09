"""What level 2.0 answers otherwise, so that other applications of the process do not."""

from __future__ import annotations

import re
from typing import Any

from werkzeug import exceptions, wrappers
from werkzeug.datastructures import Accept, CharsetAccept, LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header

from demijohn.compat import older_app
from demijohn.compat.wrappers import Request
from demijohn.wrappers.request import Request as NativeRequest, lazy

_bare_point = re.compile(r"(;\s*q\s*=\s*)\.(?=\d)")


def take_other_bodies_for_no_json() -> None:
    """Let ``request.json`` be None, as before Werkzeug 2.1, where the media type is not JSON's.

    On Werkzeug's class, of which tests make requests of their own; native ones answer as ever.
    """
    raising = wrappers.Request.on_json_loading_failed

    def on_json_loading_failed(self: Any, e: ValueError | None) -> Any:
        native = isinstance(self, NativeRequest) and not isinstance(self, Request)
        return raising(self, e) if native or e is not None else None

    wrappers.Request.on_json_loading_failed = on_json_loading_failed  # type: ignore[method-assign]


def _accepted(request: Request, field: str, kind: Any) -> Any:
    """The values of an Accept field, in which a quality may begin with its point (``q=.5``)."""
    return parse_accept_header(_bare_point.sub(r"\g<1>0.", request.headers.get(field, "")), kind)


class _Request(Request):
    """A request that reads qualities as before Werkzeug 2.3, which takes none that RFC 9110 does not know."""

    @lazy
    def accept_mimetypes(self) -> Any:
        """Media types."""
        return _accepted(self, "Accept", MIMEAccept)

    @lazy
    def accept_charsets(self) -> Any:
        """Charsets."""
        return _accepted(self, "Accept-Charset", CharsetAccept)

    @lazy
    def accept_encodings(self) -> Any:
        """Codings."""
        return _accepted(self, "Accept-Encoding", Accept)

    @lazy
    def accept_languages(self) -> Any:
        """Languages."""
        return _accepted(self, "Accept-Language", LanguageAccept)


_Request.__name__ = _Request.__qualname__ = "Request"


class Flask(older_app.Flask):
    """An application whose redirects name scheme and host, as before Werkzeug 2.1."""

    request_class: type[Any] = _Request

    def make_aborter(self) -> Any:
        """Werkzeug's own, which all applications shared before Flask 2.2, and extensions add their errors to."""
        return exceptions._aborter

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
        """The response, whose Location is completed when it is sent."""
        response = super().finalize_request(rv, from_error_handler)
        response.autocorrect_location_header = True
        return response
