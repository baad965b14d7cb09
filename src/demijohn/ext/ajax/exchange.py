"""One call of a page: which function is wanted, whether it is there, and what it answers.

Sijax's protocol: a POST of two fields, the function's name and a JSON array of its arguments. This module must not
know where the form came from.
"""

from __future__ import annotations

import json as _json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

from demijohn import csp_nonce, current_app, json
from demijohn.ext.ajax.responses import BaseResponse, SijaxError, is_async_handler
from demijohn.extend import is_safe_url, running_loop

__all__ = ["Sijax"]

logger = logging.getLogger(__name__)


class Sijax:
    """The functions that a page may call during one request, and the call."""

    PARAM_REQUEST: ClassVar[str] = "sijax_rq"
    PARAM_ARGS: ClassVar[str] = "sijax_args"
    EVENT_BEFORE_PROCESSING: ClassVar[str] = "before_processing"
    EVENT_AFTER_PROCESSING: ClassVar[str] = "after_processing"
    EVENT_INVALID_REQUEST: ClassVar[str] = "invalid_request"
    EVENT_INVALID_CALL: ClassVar[str] = "invalid_call"
    PARAM_CALLBACK: ClassVar[str] = "callback"
    PARAM_RESPONSE_CLASS: ClassVar[str] = "response_class"
    PARAM_ARGS_EXTRA: ClassVar[str] = "args_extra"

    allows_script = False
    redirects_by_script = False
    takes_lines = False

    def __init__(self) -> None:
        self._data: Mapping[str, Any] = {}
        self._request_args: list[Any] | None = None
        self._callbacks: dict[str, dict[str, Any]] = {}
        self._events: dict[str, Callable[..., Any]] = {
            self.EVENT_BEFORE_PROCESSING: _nothing,
            self.EVENT_AFTER_PROCESSING: _nothing,
            self.EVENT_INVALID_REQUEST: _unavailable,
            self.EVENT_INVALID_CALL: _wrong,
        }
        self._request_uri: str | None = None
        self._json_uri: str | None = None

    # The page.

    def set_request_uri(self, uri: str) -> Self:
        """Say where the page sends its calls."""
        self._request_uri = uri
        return self

    def get_request_uri(self) -> str | None:
        """Where the page sends its calls."""
        return self._request_uri

    def set_json_uri(self, uri: str) -> Self:
        """Say where a library for JSON is, for browsers that have none; there are none left."""
        self._json_uri = uri
        return self

    def get_js(self) -> str:
        """The code that tells the page where to send its calls; ``sijax_script()`` does so without code.

        :raises SijaxError: when it is not known where.
        """
        if self._request_uri is None:
            raise SijaxError("There is no request URI: call set_request_uri() first.")
        code = f"Sijax.setRequestUri({_in_script(self._request_uri)});"
        return code if self._json_uri is None else f"{code}Sijax.setJsonUri({_in_script(self._json_uri)});"

    # What may be called.

    def register_callback(
        self,
        public_name: str,
        callback: Callable[..., Any],
        response_class: Callable[..., Any] | None = None,
        args_extra: Sequence[Any] | None = None,
    ) -> Self:
        """Let the page call a function, ``def`` or ``async def``.

        :param public_name: What the page calls it.
        :param callback: Takes the response, then ``args_extra``, then what the page gives.
        :param response_class: The class of the response; :class:`BaseResponse` by default.
        :param args_extra: Arguments that the page does not give.
        :raises SijaxError: for a response class that cannot be called, or extra arguments that are no list.
        """
        if response_class is not None and not callable(response_class):
            raise SijaxError(f"The response class {response_class!r} cannot be called.")
        if args_extra is not None and not isinstance(args_extra, (list, tuple)):
            raise SijaxError(f"args_extra is a list or a tuple, not {type(args_extra).__name__}.")
        self._callbacks[public_name] = {
            self.PARAM_CALLBACK: callback,
            self.PARAM_RESPONSE_CLASS: response_class or BaseResponse,
            self.PARAM_ARGS_EXTRA: list(args_extra or ()),
        }
        return self

    def register_object(self, obj: object, **options: Any) -> Self:
        """Let the page call all that can be called of an object and whose name does not begin with an underscore.

        :param options: As of :meth:`register_callback`.
        """
        for name in dir(obj):
            if not name.startswith("_") and callable(attribute := getattr(obj, name)):
                self.register_callback(name, attribute, **options)
        return self

    def register_event(self, event_name: str, callback: Callable[..., Any]) -> Self:
        """Have a function called on an event: ``before_processing`` and ``after_processing`` with the response,
        ``invalid_request`` with it and the name that was called, ``invalid_call`` with it and the function.
        """
        self._events[event_name] = callback
        return self

    def has_event(self, event_name: str) -> bool:
        """Whether an event has a handler."""
        return event_name in self._events

    def get_event(self, event_name: str) -> Callable[..., Any] | None:
        """The handler of an event."""
        return self._events.get(event_name)

    # The call.

    def set_data(self, data: Mapping[str, Any]) -> Self:
        """Give the form of the request."""
        self._data = data
        self._request_args = None
        return self

    def get_data(self) -> Mapping[str, Any]:
        """The form of the request."""
        return self._data

    @property
    def is_sijax_request(self) -> bool:
        """Whether the request is a call."""
        return self.PARAM_REQUEST in self._data and self.PARAM_ARGS in self._data

    @property
    def requested_function(self) -> str | None:
        """The name that is called, or None."""
        return str(self._data[self.PARAM_REQUEST]) if self.PARAM_REQUEST in self._data else None

    @property
    def request_args(self) -> list[Any]:
        """What the page gives; nothing, where it is no JSON array."""
        if self._request_args is None:
            try:
                found = json.loads(self._data.get(self.PARAM_ARGS, "[]"))
            except ValueError:
                found = None
            self._request_args = found if isinstance(found, list) else []
        return self._request_args

    def process_request(self) -> Any:
        """Call what is wanted: text, or parts of it for a streaming function; on an event loop to be awaited.

        :raises SijaxError: when the request is no call.
        """
        if not self.is_sijax_request:
            raise SijaxError("This request is no call: ask is_sijax_request before process_request().")
        name = self.requested_function or ""
        options = None if name.startswith("_") else self._callbacks.get(name)
        if options is None:
            logger.warning("A page called %.100r, which is not registered for it.", name)
            return self.execute_callback([name], self._events[self.EVENT_INVALID_REQUEST])
        return self.execute_callback(self.request_args, **options)

    def execute_callback(self, args: list[Any], callback: Callable[..., Any], **params: Any) -> Any:
        """Call a function between the events before and after; parameters as of :meth:`register_callback`.

        :raises SijaxError: for what cannot be called.
        """
        if not callable(callback):
            raise SijaxError(f"{callback!r} cannot be called.")
        response = params.get(self.PARAM_RESPONSE_CLASS, BaseResponse)(self, args)
        given = [*params.get(self.PARAM_ARGS_EXTRA, ()), *response._get_request_args()]
        chain = [
            (self._events[self.EVENT_BEFORE_PROCESSING], []),
            (callback, given),
            (self._events[self.EVENT_AFTER_PROCESSING], []),
        ]
        in_async = getattr(response, "_process_async", None)
        if in_async is None:  # a class of Sijax's own, which knows no async functions
            return response._process_call_chain(chain)
        if running_loop() is not None:
            return in_async(chain)
        if any(is_async_handler(function) for function, _ in chain):
            result = in_async(chain)
            return result if hasattr(result, "__aiter__") else current_app.ensure_sync(_awaits)(result)
        return response._process_call_chain(chain)

    # What a response asks.

    def checked_address(self, uri: str) -> str:
        """An address that may be gone to.

        :raises ValueError: for one that leads elsewhere, or is no address.
        """
        if not is_safe_url(uri):
            raise ValueError(f"redirect() does not leave this site, and {uri!r} does, or is no address.")
        return uri

    def nonce(self) -> str:
        """The nonce of the page's scripts."""
        return csp_nonce()


async def _awaits(result: Any) -> Any:
    return await result


def _nothing(obj_response: object) -> None:
    """What is done before and after a call, unless something is registered for it."""


def _unavailable(obj_response: BaseResponse, func_name: str) -> None:
    obj_response.alert("This is not available. (Sijax)")


def _wrong(obj_response: BaseResponse, callback: object) -> None:
    obj_response.alert("This was called in a wrong way. (Sijax)")


def _in_script(text: str) -> str:
    """A text as a literal that cannot end a script element."""
    return _json.dumps(text).replace("<", "\\u003c")
