"""The name of one request, by which its log records, its answer and the work it asks for are found together.

A caller may bring it (``X-Request-ID``); else one is made when somebody asks. It is kept in the environ, which copies
of a context share. This module must not know who asks.
"""

from __future__ import annotations

import os
import re
from typing import Any

from demijohn.contexts.context import RequestContext, current

#: The header field that brings an id, and takes it back.
FIELD = "X-Request-ID"

#: Where an environ has it.
KEY = "demijohn.request_id"

#: What an id from outside may be: it goes into header fields and logs as it is.
is_good = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII).fullmatch


#: Ids that are yet to be given. PERF: made many at a time, which costs a fifth (0.1 us each).
_new: list[str] = []

# A process and its fork must not give the same ones.
os.register_at_fork(after_in_child=_new.clear)


def received_or_new(received: str | None) -> str:
    """The id that a request brought if it is a good one, else a new one: 32 hexadecimal digits."""
    if received is not None and is_good(received):
        return received
    try:
        return _new.pop()
    except IndexError:
        digits = os.urandom(16 * 256).hex()
        _new.extend(digits[at : at + 32] for at in range(32, len(digits), 32))
        return digits[:32]


def request_id_of(environ: Any) -> str:
    """The id of the request of an environ, found or made now if this is the first time it is asked for."""
    found: str | None = environ.get(KEY)
    if found is None:
        found = environ[KEY] = received_or_new(environ.get("HTTP_X_REQUEST_ID"))
        _send_back(environ, found)
    return found


def current_request_id() -> str | None:
    """The id of the current request, or of the one that the current command or job works for; None without one."""
    ctx = current.get(None)
    if isinstance(ctx, RequestContext):
        return request_id_of(ctx.environ)
    return None if ctx is None else ctx.request_id


def carry_request_id(request_id: str | None) -> None:
    """Have what is logged in the current command or job carry the id of the request that asked for it.

    :raises RuntimeError: outside of an application context, and in a request, which has an id of its own.
    """
    ctx = current.get(None)
    if ctx is None or isinstance(ctx, RequestContext):
        raise RuntimeError(
            "An id is carried by an application's context, such as a job's: push app.app_context()."
        )
    ctx.request_id = request_id


def _send_back(environ: Any, request_id: str) -> None:
    """Have the answer of the current request say its id, where its answer is yet to be made."""
    ctx = current.get(None)
    if not isinstance(ctx, RequestContext) or ctx.environ is not environ or not ctx.app.policy.request_ids:
        return

    def say(response: Any) -> Any:
        response.headers.setdefault(FIELD, request_id)
        return response

    if ctx._after_request_functions is None:
        ctx._after_request_functions = [say]
    else:
        ctx._after_request_functions.append(say)
