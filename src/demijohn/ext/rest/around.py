"""What options put around a typed view: entity tags, and requests that are sent again.

This module must not know routes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from werkzeug.exceptions import HTTPException

from demijohn import Response, make_response
from demijohn.ext.rest.toolkit.etags import tagged
from demijohn.ext.rest.toolkit.idempotency import Repetition, begin, caller_of
from demijohn.ext.rest.typed.handlers import Handler
from demijohn.extend import call, current_request, is_async
from demijohn.sessions.server_side import SessionStore

__all__ = ["around"]


def around(handler: Handler, view: Any, store: SessionStore, route: str) -> Any:
    """A view with what its options ask for around it.

    :param store: Where answers to repeated requests are kept.
    :param route: The method and rule, for the keys of repeated requests.
    """
    if handler.options.idempotent:
        view = _idempotent(handler, view, store, route)
    if handler.options.etag:
        view = _tagged(view)
    return view


def _tagged(view: Callable[..., Any]) -> Any:
    if is_async(view):

        async def async_view(*owner: Any, **path: Any) -> Any:
            return tagged(await view(*owner, **path))

        return update_wrapper(async_view, view)

    def sync_view(*owner: Any, **path: Any) -> Any:
        return tagged(view(*owner, **path))

    return update_wrapper(sync_view, view)


def _idempotent(handler: Handler, view: Callable[..., Any], store: SessionStore, route: str) -> Any:
    required = handler.options.idempotent == "required"

    def started() -> Repetition | Response | None:
        return begin(store, route, caller_of(current_request(), handler.suppliers), required=required)

    def failed(repetition: Repetition, error: BaseException) -> None:
        """Keep an answer that an HTTP error is, unless it is the server's fault."""
        if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
            repetition.keep(make_response(error))
        else:
            repetition.forget()

    if is_async(view):

        async def async_view(*owner: Any, **path: Any) -> Any:
            repetition = await call(started)
            if not isinstance(repetition, Repetition):
                return await view(*owner, **path) if repetition is None else repetition
            try:
                response = make_response(await view(*owner, **path))
            except BaseException as e:
                await call(failed, repetition, e)
                raise
            await call(repetition.keep, response)
            return response

        return update_wrapper(async_view, view)

    def sync_view(*owner: Any, **path: Any) -> Any:
        repetition = started()
        if not isinstance(repetition, Repetition):
            return view(*owner, **path) if repetition is None else repetition
        try:
            response = make_response(view(*owner, **path))
        except BaseException as e:
            failed(repetition, e)
            raise
        repetition.keep(response)
        return response

    return update_wrapper(sync_view, view)
