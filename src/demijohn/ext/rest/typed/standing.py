"""What stands in for views and methods, where more has to be done than to call them.

This module must not know what Apis there are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from demijohn import has_request_context
from demijohn.ext.rest.versions import ARGUMENT
from demijohn.extend import Ready, current_request, is_async

__all__ = ["by_rule_of", "innermost", "responding", "without_version"]


def without_version(view: Any) -> Any:
    """A view that is not told the version, which its rule has as a default."""
    if is_async(view):

        async def async_view(**path: Any) -> Any:
            path.pop(ARGUMENT, None)
            return await view(**path)

        return update_wrapper(async_view, view)

    def sync_view(**path: Any) -> Any:
        path.pop(ARGUMENT, None)
        return view(**path)

    return update_wrapper(sync_view, view)


def responding(view: Any) -> Any:
    """A view whose answer is a response, for what stands around the methods of a class."""
    if is_async(view):

        async def async_view(*owner: Any, **path: Any) -> Any:
            answer = await view(*owner, **path)
            return answer.response() if isinstance(answer, Ready) else answer

        return update_wrapper(async_view, view)

    def sync_view(*owner: Any, **path: Any) -> Any:
        answer = view(*owner, **path)
        return answer.response() if isinstance(answer, Ready) else answer

    return update_wrapper(sync_view, view)


def by_rule_of(function: Callable[..., Any], views: dict[int, Callable[..., Any]]) -> Callable[..., Any]:
    """A method that has its arguments read as the rule of the request needs it."""

    def method(self: Any, *args: Any, **path: Any) -> Any:
        rule = current_request().url_rule if has_request_context() else None
        view = None if rule is None or args else views.get(id(rule))
        return function(self, *args, **path) if view is None else view(self, **path)

    method.__name__, method.__doc__ = function.__name__, function.__doc__
    marked: Any = method
    marked.__typed_by_rule__, marked.__typed_function__ = views, function
    return method


def innermost(view: Any, function: Any) -> Any:
    """The view, or what it wraps, where that is the function."""
    seen = view
    while seen is not function and hasattr(seen, "__wrapped__"):
        seen = seen.__wrapped__
    return seen
