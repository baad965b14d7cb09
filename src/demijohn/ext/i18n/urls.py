"""The locale in URLs: filled in where one is built, and kept from views that do not ask for it.

This module must not know how the locale of a request is found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import Parameter, signature
from typing import Any, TypeVar, cast

from werkzeug.routing import Rule

from demijohn import Flask
from demijohn.ext.i18n.current import get_locale
from demijohn.extend import is_async

__all__ = ["Filling", "without_locale"]

F = TypeVar("F", bound=Callable[..., Any])

_NAME = "locale"


class Filling:
    """Fills the locale into URLs of rules that have a variable part ``locale``: a function of ``url_defaults``.

    :param app: The application.
    """

    def __init__(self, app: Flask) -> None:
        self._map = app.url_map

    def __call__(self, endpoint: str, values: dict[str, Any]) -> None:
        """Fill it in, unless who builds the URL has said it."""
        if _NAME in values:
            return
        try:
            expected = self._map.is_endpoint_expecting(endpoint, _NAME)
        except KeyError:
            return  # there is no such endpoint, which who builds the URL says
        if expected:
            values[_NAME] = str(get_locale())


def without_locale(rule: Rule, view: F) -> F:
    """A view of a rule with a part ``locale``, which need not take it: ``get_locale()`` is what it stands for."""
    if _NAME not in rule.arguments or _takes_locale(view):
        return view
    if is_async(view):

        async def call_async(*args: Any, **arguments: Any) -> Any:
            arguments.pop(_NAME, None)
            return await view(*args, **arguments)

        return cast(F, update_wrapper(call_async, view))

    def call(*args: Any, **arguments: Any) -> Any:
        arguments.pop(_NAME, None)
        return view(*args, **arguments)

    return cast(F, update_wrapper(call, view))


def _takes_locale(view: Callable[..., Any]) -> bool:
    """Whether a view, or a method of a class-based one, has a parameter for it."""
    kind = getattr(view, "view_class", None)
    if kind is None:
        functions: list[Any] = [view]
    else:
        names = [method.lower() for method in getattr(kind, "methods", None) or ()]
        functions = [getattr(kind, name) for name in names if hasattr(kind, name)] or [kind.dispatch_request]
    return any(
        parameter.name == _NAME or parameter.kind is Parameter.VAR_KEYWORD
        for function in functions
        for parameter in signature(function).parameters.values()
    )
