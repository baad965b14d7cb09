"""Problem details for API callers (RFC 9457), and who those are.

This module must not know of responses or error handlers: values in, values out.
"""

from __future__ import annotations

import json
import re
from typing import Any

from werkzeug.exceptions import HTTPException

from demijohn.http.status import reason_phrase

#: The media type of a problem as JSON.
MEDIA_TYPE = "application/problem+json"

# Entries of an Accept header beyond these are not looked at; browsers send about eight.
_MOST_ENTRIES = 64
_QUALITY = r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?"  # compiled when first used


def problem(
    status: int,
    title: str | None = None,
    detail: str | None = None,
    type: str = "about:blank",
    instance: str | None = None,
    **extensions: Any,
) -> dict[str, Any]:
    """The members of a problem, ready for a JSON encoder.

    :param status: The response's status code.
    :param title: What kind of problem it is; the status's own phrase by default.
    :param detail: What happened this time, for people.
    :param type: A URI that names the kind of problem.
    :param instance: A URI that names this occurrence.
    :param extensions: Further members.
    """
    members: dict[str, Any] = {
        "type": type,
        "title": reason_phrase(status) if title is None else title,
        "status": status,
    }
    if detail is not None:
        members["detail"] = detail
    if instance is not None:
        members["instance"] = instance
    members.update(extensions)
    return members


def problem_response_parts(
    error: HTTPException, environ: dict[str, Any] | None = None
) -> tuple[bytes, list[tuple[str, str]]]:
    """The body and the headers that tell ``error`` to an API caller.

    :param error: Its code, name and description become the problem, and so do the ``members`` of one that
        has a dictionary of that name; its headers (``Allow``, ``Retry-After``, ...) are kept but for the
        Content-Type.
    :param environ: Handed to the error, some of which look at it for their headers.
    """
    members = problem(error.code or 500, error.name, error.description)
    members.update(getattr(error, "members", None) or {})
    body = json.dumps(members, separators=(",", ":")).encode()
    headers = [item for item in error.get_headers(environ) if item[0].lower() != "content-type"]
    # A cache must not hand this to who asked for a page (RFC 9110, section 12.5.5).
    return body, [("Content-Type", MEDIA_TYPE), ("Vary", "Accept"), *headers]


def prefers_json(accept: str | None) -> bool:
    """Whether a caller that sent this Accept header would rather have JSON than HTML.

    It would if it names a JSON type and gives it a higher quality than HTML, or the same
    and names it first or names no HTML. ``*/*``, which browsers and curl send, names neither.

    :param accept: The Accept header (RFC 9110, section 12.5.1).
    """
    if not accept or "json" not in accept.lower():
        return False
    json_quality, json_place = -1.0, 0
    # How exactly an entry covers text/html (RFC 9110: the most exact one counts), its quality and place.
    html_match, html_quality, html_place = 0, 0.0, -1
    for place, entry in enumerate(accept.lower().split(",", _MOST_ENTRIES)[:_MOST_ENTRIES]):
        media_type, _, parameters = entry.partition(";")
        media_type = media_type.strip()
        if media_type == "application/json" or (
            media_type.startswith("application/") and media_type.endswith("+json")
        ):
            quality = _quality_of(parameters)
            if quality > json_quality:
                json_quality, json_place = quality, place
            continue
        match = {"*/*": 1, "text/*": 2, "text/html": 3, "application/xhtml+xml": 3}.get(media_type, 0)
        if match > html_match:
            html_match, html_quality, html_place = match, _quality_of(parameters), place
    if json_quality <= 0:
        return False
    if json_quality != html_quality:
        return json_quality > html_quality
    return html_match < 3 or json_place < html_place


def _quality_of(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            return float(value) if re.fullmatch(_QUALITY, value) else 0.0
    return 1.0
