"""Entity tags of answers: 304 for who has it already, 412 for who would overwrite what somebody else changed.

This module must not know where values are kept.
"""

from __future__ import annotations

import hashlib
from typing import Any

from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from demijohn import Response, make_response
from demijohn.ext.rest.typed.kinds import is_model
from demijohn.ext.rest.typed.shapes import encode_plain, encoder_for
from demijohn.extend import current_request

__all__ = ["check_etag", "etag_of", "tagged"]


def etag_of(body: bytes) -> str:
    """The entity tag of a body, without its quotes."""
    return hashlib.sha256(body).hexdigest()[:32]


def check_etag(value: Any) -> None:
    """Let a request change something only when it says what it changes: by If-Match, as it is now.

    :param value: What GET returns for it now: a model, or a list of models.
    :raises PreconditionRequired: without If-Match (428).
    :raises PreconditionFailed: when it is of something else (412).
    """
    request = current_request()
    if not request.environ.get("HTTP_IF_MATCH"):
        raise PreconditionRequired("Say what you change: send the ETag of it in If-Match.")
    encode = (
        encoder_for(type(value), checked=False, where="check_etag") if is_model(type(value)) else encode_plain
    )
    if not request.if_match.contains(etag_of(encode(value))):
        raise PreconditionFailed("It was changed since you got it. Get it again.")


def tagged(answer: Any) -> Any:
    """An answer with an entity tag, or 304 where the client has the same."""
    response: Response = make_response(answer)
    if response.is_streamed or not 200 <= response.status_code < 300:
        return response
    body = response.get_data()
    if response.get_etag()[0] is None:
        response.set_etag(etag_of(body))
    request = current_request()
    if request.method in {"GET", "HEAD"} and request.if_none_match.contains_weak(
        response.get_etag()[0] or ""
    ):
        kept = {name: value for name, value in response.headers if name.lower() in _KEPT}
        return Response(status=304, headers=kept)
    return response


#: What a 304 repeats (RFC 9110, section 15.4.5).
_KEPT = {"etag", "cache-control", "content-location", "expires", "vary", "last-modified"}
