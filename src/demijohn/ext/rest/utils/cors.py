"""Header fields that let pages of other sites read an answer (CORS), for a single method."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import update_wrapper
from typing import Any, TypeVar, cast

from demijohn import current_app, make_response, request
from demijohn.ext.rest.utils.results import changing
from demijohn.extend import is_async

__all__ = ["crossdomain"]

F = TypeVar("F", bound=Callable[..., Any])


def _listed(values: str | Iterable[str]) -> str:
    return values if isinstance(values, str) else ", ".join(value.upper() for value in values)


def crossdomain(
    origin: str | Iterable[str] | None = None, methods: Iterable[str] | None = None,
    headers: str | Iterable[str] | None = None, expose_headers: str | Iterable[str] | None = None,
    max_age: float | timedelta = 21600, attach_to_all: bool = True, automatic_options: bool = True,
    credentials: bool = False,
) -> Callable[[F], F]:  # fmt: skip
    """Decorates a method or view, sync or async, whose answers pages of other sites may read.

    :param origin: The site that may, or ``*``.
    :param methods: What may be asked with; what the route takes by default.
    :param headers: Header fields that may be sent.
    :param expose_headers: Header fields of the answer that a page may see.
    :param max_age: For how long a browser may keep this, in seconds.
    :param attach_to_all: False to answer only OPTIONS with these fields.
    :param automatic_options: Whether OPTIONS is answered here rather than by the view.
    :param credentials: Whether a browser may send cookies along.
    """
    age = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
    fields = {
        "Access-Control-Allow-Origin": origin if isinstance(origin, str) else ", ".join(origin or ()),
        "Access-Control-Allow-Methods": None if methods is None else _listed(sorted(methods)),
        "Access-Control-Max-Age": str(age),
        "Access-Control-Allow-Credentials": "true" if credentials else None,
        "Access-Control-Allow-Headers": None if headers is None else _listed(headers),
        "Access-Control-Expose-Headers": None if expose_headers is None else _listed(expose_headers),
    }

    def attach(value: Any) -> object:
        response = make_response(value)
        if attach_to_all or request.method == "OPTIONS":
            for name, content in fields.items():
                if content is not None:
                    response.headers[name] = content
            if methods is None:
                allowed = current_app.make_default_options_response().headers["Allow"]
                response.headers["Access-Control-Allow-Methods"] = allowed
        return response

    def options() -> Any:
        """The answer to OPTIONS; None for other methods."""
        if automatic_options and request.method == "OPTIONS":
            return attach(current_app.make_default_options_response())
        return None

    def decorate(function: F) -> F:
        attached = changing(function, attach)

        def calling(*args: Any, **kwargs: Any) -> Any:
            return options() or attached(*args, **kwargs)

        async def awaiting(*args: Any, **kwargs: Any) -> Any:
            return options() or await attached(*args, **kwargs)

        wrapper: Any = update_wrapper(awaiting if is_async(function) else calling, function)
        wrapper.provide_automatic_options = False
        return cast(F, wrapper)

    return decorate
