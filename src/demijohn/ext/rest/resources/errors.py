"""How a resource ends a request with an error, and what is told of one. This module must not know of an Api."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as BaseResponse

from demijohn import abort as end_request
from demijohn.ext.rest.utils import http_status_message
from demijohn.extend import problem, translate

__all__ = ["abort", "members_of", "problem_of", "status_of"]


def abort(http_status_code: int | BaseResponse, **kwargs: Any) -> NoReturn:
    """End the request with an HTTP error.

    :param http_status_code: Its status.
    :param kwargs: Members of the answer, usually a ``message``.
    """
    try:
        end_request(http_status_code)
    except HTTPException as error:
        if kwargs:
            error.data = kwargs  # type: ignore[attr-defined]
        raise


def status_of(error: Exception) -> int:
    """The status that tells an error."""
    code = error.code if isinstance(error, HTTPException) else None
    return 500 if code is None else code


def members_of(error: Exception) -> dict[str, Any]:
    """What is told of an error: the members it was raised with, else a message."""
    given = getattr(error, "data", None)
    if isinstance(given, Mapping):
        return dict(given)
    # What the page of an unexpected error says is for people in front of a browser.
    unexpected = isinstance(error, InternalServerError) and error.original_exception is not None
    message = None if unexpected or not isinstance(error, HTTPException) else error.description
    said = str(translate(http_status_message(status_of(error)) if message is None else message))
    return {"message": said, **(getattr(error, "members", None) or {})}


def problem_of(status: int, members: Mapping[str, Any]) -> dict[str, Any]:
    """The members as those of a problem (RFC 9457); what was given goes before what is added.

    :param status: The answer's status.
    :param members: What is told of the error; its message is also the problem's detail.
    """
    message = members.get("message")
    if isinstance(message, Mapping):
        message = "; ".join(f"{name}: {text}" for name, text in message.items())
    detail = message if isinstance(message, str) else None
    return {**problem(status, translate(http_status_message(status)) or None, detail), **members}
