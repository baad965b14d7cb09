"""What a status is called, as the Werkzeug that is installed calls it.

Its words have changed before (``404 NOT FOUND`` is ``404 Not Found`` from 3.2 on) and Python's do too, so no
table of ours stands beside them: an answer reads the same whichever way it was made.
This module must not know of requests.
"""

from __future__ import annotations

from functools import lru_cache

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

__all__ = ["reason_phrase", "status_line"]


@lru_cache(maxsize=128)
def reason_phrase(status: int) -> str:
    """The words of a status in title case: ``Not Found``."""
    error = HTTPException()
    error.code = status
    return error.name


@lru_cache(maxsize=128)
def status_line(status: int) -> str:
    """A status with its reason phrase, as WSGI has it."""
    return Response(status=status).status
