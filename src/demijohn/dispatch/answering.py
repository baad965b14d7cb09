"""Who answered a request where that was not its view, for the error that its answer is none.

This module must not know how an answer becomes a response.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demijohn.contexts.context import RequestContext, current

#: In a context's ``__dict__``: what answered, such as ``"error handler"``, and the function.
ANSWERED_BY = "answered_by"


def whose_answer() -> str:
    """Whose answer it is, as far as that is known, to begin a sentence."""
    ctx = current.get(None)
    if not isinstance(ctx, RequestContext):
        return "The view function"
    answered: tuple[str, Callable[..., Any]] | None = vars(ctx).get(ANSWERED_BY)
    if answered is not None:
        return named(*answered)
    endpoint = ctx.request.endpoint
    return "The view function" if endpoint is None else f"The view function for {endpoint!r}"


def named(kind: str, function: Callable[..., Any]) -> str:
    """A function with its kind and its name."""
    return f"The {kind} {getattr(function, '__qualname__', None) or repr(function)!s}"
