"""What is imported as ``from flask_sijax import sijax``: the functions of a page, by themselves.

::

    @app.route("/")
    @sijax.route(app, default_request_uri="/")
    def index():
        if g.sijax.is_sijax_request:
            ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from demijohn import Blueprint, Flask, g
from demijohn.ext.ajax import extension
from demijohn.ext.ajax.exchange import Sijax
from demijohn.ext.ajax.responses import BaseResponse, SijaxError

__all__ = ["BaseResponse", "Sijax", "SijaxError", "route"]

F = TypeVar("F", bound=Callable[..., Any])


def route(
    app: Flask | Blueprint, rule: str | None = None, *, default_request_uri: str | None = None, **options: Any
) -> Callable[[F], F]:
    """Let a view's page call functions: the route that stands above this one takes POST as well.

    An application that has no ``Sijax`` gets one.

    :param app: The application, or a blueprint.
    :param rule: The rule, where no other route stands above; as :func:`demijohn.ext.ajax.route`.
    :param default_request_uri: Where the page sends its calls, if not to its own address.
    :param options: As of ``route``, with a rule.
    """
    if isinstance(app, Flask) and "sijax" not in app.extensions:
        extension.Sijax(app)

    def decorator(f: F) -> F:
        @wraps(f)
        def at_uri(*args: Any, **kwargs: Any) -> Any:
            g.sijax.set_request_uri(default_request_uri)
            return f(*args, **kwargs)

        view: Any = f if default_request_uri is None else at_uri
        if rule is not None:
            return extension.route(app, rule, **options)(cast(F, view))
        view.methods = ("GET", "POST")
        return cast(F, view)

    return decorator
