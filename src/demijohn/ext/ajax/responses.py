"""What a handler answers with: commands that the browser does in their order.

A response is given to a handler as its first argument. Regular functions answer with one array of commands; streaming
ones with an array each time they yield. This module must not know of requests.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, ClassVar, Protocol, Self

from demijohn import json
from demijohn.extend import call, is_async

__all__ = ["BaseResponse", "CometResponse", "SijaxError", "StreamingIframeResponse", "UploadResponse"]

#: Functions to call one after another, each with its arguments.
Chain = Sequence[tuple[Callable[..., Any], list[Any]]]

_END: Any = object()

#: Characters that would end a script element, or a line within one.
_IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class SijaxError(Exception):
    """Something was asked of Sijax that it does not do."""


class Exchange(Protocol):
    """The call that is answered."""

    EVENT_INVALID_CALL: ClassVar[str]
    PARAM_REQUEST: ClassVar[str]
    PARAM_ARGS: ClassVar[str]
    #: Whether code may be sent.
    allows_script: bool
    #: Whether addresses are sent as code, as Sijax does, and unchecked.
    redirects_by_script: bool
    #: Whether the client takes an array a line.
    takes_lines: bool

    def get_event(self, event_name: str) -> Callable[..., Any] | None:
        """The handler of an event."""
        ...

    def get_data(self) -> Any:
        """The form."""
        ...

    def checked_address(self, uri: str) -> str:
        """An address that may be gone to.

        :raises ValueError: for one that may not.
        """
        ...

    def nonce(self) -> str:
        """The nonce of the page's scripts."""
        ...


class BaseResponse:
    """The commands of a regular function.

    :param sijax_instance: The call that is answered.
    :param request_args: What the browser gave; a subclass may hand on something else.
    """

    def __init__(self, sijax_instance: Exchange, request_args: list[Any]) -> None:
        self._sijax = sijax_instance
        self._request_args = request_args
        self._commands: list[dict[str, Any]] = []

    def _get_request_args(self) -> list[Any]:
        return self._request_args

    def _add_command(self, cmd_type: str, params: dict[str, Any] | None = None) -> Self:
        self._commands.append({**(params or {}), "type": cmd_type})
        return self

    def clear_commands(self) -> Self:
        """Drop the commands that were given so far."""
        self._commands = []
        return self

    def alert(self, message: str) -> Self:
        """Show a message box."""
        return self._add_command("alert", {"alert": message})

    def html(self, selector: str, html: str) -> Self:
        """Put HTML into the elements of a selector, in the place of what they hold. Its scripts do not run."""
        return self._html(selector, html, "replace")

    def html_append(self, selector: str, html: str) -> Self:
        """Put HTML behind what the elements hold."""
        return self._html(selector, html, "append")

    def html_prepend(self, selector: str, html: str) -> Self:
        """Put HTML before what the elements hold."""
        return self._html(selector, html, "prepend")

    def _html(self, selector: str, html: str, how: str) -> Self:
        return self._add_command("html", {"selector": selector, "html": html, "setType": how})

    def attr(self, selector: str, property_name: str, value: Any) -> Self:
        """Set an attribute of the elements of a selector."""
        return self._attr(selector, property_name, value, "replace")

    def attr_append(self, selector: str, property_name: str, value: Any) -> Self:
        """Add to the end of an attribute."""
        return self._attr(selector, property_name, value, "append")

    def attr_prepend(self, selector: str, property_name: str, value: Any) -> Self:
        """Add to the beginning of an attribute."""
        return self._attr(selector, property_name, value, "prepend")

    def _attr(self, selector: str, key: str, value: Any, how: str) -> Self:
        return self._add_command("attr", {"selector": selector, "key": key, "value": value, "setType": how})

    def css(self, selector: str, property_name: str, value: Any) -> Self:
        """Set a style of the elements of a selector."""
        return self._add_command("css", {"selector": selector, "key": property_name, "value": value})

    def remove(self, selector: str) -> Self:
        """Take the elements of a selector out of the page."""
        return self._add_command("remove", {"remove": selector})

    def script(self, js: str) -> Self:
        """Run code.

        :raises SijaxError: unless ``SIJAX_ALLOW_SCRIPT`` allows it.
        """
        if not self._sijax.allows_script:
            raise SijaxError(
                "script() sends code for the page to run, which is not allowed here: use call() with a function of"
                " the page (Sijax.register), or set SIJAX_ALLOW_SCRIPT = True."
            )
        return self._add_command("script", {"script": js})

    def redirect(self, uri: str) -> Self:
        """Send the browser to another page of this site.

        :raises ValueError: for an address that :func:`~demijohn.safe_redirect` does not go to.
        """
        if self._sijax.redirects_by_script:
            return self._add_command("script", {"script": f"window.location = {_dumps(uri)};"})
        return self._add_command("redirect", {"redirect": self._sijax.checked_address(uri)})

    def call(self, js_func_name: str, func_params: Sequence[Any] | None = None) -> Self:
        """Call a function of the page: one given to ``Sijax.register``, or by its dotted name from ``window``.

        :raises SijaxError: for arguments that are no list.
        """
        if func_params is not None and not isinstance(func_params, (list, tuple)):
            raise SijaxError(f"call() takes a list of arguments, not {type(func_params).__name__}.")
        return self._add_command("call", {"call": js_func_name, "params": func_params or []})

    def _get_json(self) -> str:
        return _dumps(self._commands)

    # Calling handlers: the call's side.

    def _checked(self, callback: Callable[..., Any], args: list[Any]) -> tuple[Callable[..., Any], list[Any]]:
        """The handler with its arguments, or that of a call with too many or too few of them."""
        try:
            inspect.signature(callback).bind(self, *args)
        except TypeError:
            event = self._sijax.get_event(self._sijax.EVENT_INVALID_CALL)
            return event or _nothing, [callback]
        except ValueError:  # a builtin, which does not say what it takes
            pass
        return callback, args

    def _process_call_chain(self, call_chain: Chain) -> Any:
        for callback, args in call_chain:
            callback, args = self._checked(callback, args)
            _no_stream(callback(self, *args))
        return self._get_json()

    def _process_async(self, call_chain: Chain) -> Any:
        """As ``_process_call_chain``, on an event loop: what is awaited, or iterated over."""
        return self._call_all(call_chain)

    async def _call_all(self, call_chain: Chain) -> str:
        for callback, args in call_chain:
            callback, args = self._checked(callback, args)
            _no_stream(await call(callback, self, *args))
        return self._get_json()


class StreamingIframeResponse(BaseResponse):
    """The commands of a function that may ``yield``: what was given until then is sent, and done, at once."""

    #: How it is sent: an array a line, or in scripts of an iframe.
    def _flush(self) -> bytes:
        commands, lines = self._get_json(), self._sijax.takes_lines
        self.clear_commands()
        if lines:
            return f"{commands}\n".encode()
        text = commands.translate(_IN_SCRIPT)
        nonce = self._sijax.nonce()
        return f'<script nonce="{nonce}">window.parent.Sijax.processCommands({text});</script>\n'.encode()

    def _process_call_chain(self, call_chain: Chain) -> Iterator[bytes]:
        for callback, args in call_chain:
            callback, args = self._checked(callback, args)
            result = callback(self, *args)
            if inspect.isgenerator(result):
                for _ in result:
                    if self._commands:
                        yield self._flush()
            if self._commands:
                yield self._flush()

    async def _process_async(self, call_chain: Chain) -> AsyncIterator[bytes]:
        for callback, args in call_chain:
            callback, args = self._checked(callback, args)
            result = callback(self, *args) if _streams(callback) else await call(callback, self, *args)
            if inspect.isgenerator(result):
                while await call(next, result, _END) is not _END:
                    if self._commands:
                        yield self._flush()
            elif inspect.isasyncgen(result):
                async for _ in result:
                    if self._commands:
                        yield self._flush()
            if self._commands:
                yield self._flush()


class CometResponse(StreamingIframeResponse):
    """The commands of a Comet function."""


class UploadResponse(StreamingIframeResponse):
    """The commands of a function that gets a form with its files."""

    def __init__(self, sijax_instance: Exchange, request_args: list[Any]) -> None:
        if len(request_args) != 1 or not isinstance(request_args[0], str):
            raise SijaxError("An upload is called with the id of its form, and nothing else.")
        #: The id of the form, where several have one handler.
        self.form_id: str = request_args[0]
        own = (sijax_instance.PARAM_REQUEST, sijax_instance.PARAM_ARGS)
        values = {name: value for name, value in dict(sijax_instance.get_data()).items() if name not in own}
        super().__init__(sijax_instance, [values])

    def reset_form(self) -> Self:
        """Make the form what it was when the page was loaded."""
        return self.call("sjxUpload.resetForm", [self.form_id])


def is_async_handler(function: Callable[..., Any]) -> bool:
    """Whether it has to be called on an event loop."""
    return is_async(function) or inspect.isasyncgenfunction(function)


def _streams(function: Callable[..., Any]) -> bool:
    return inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function)


def _no_stream(result: object) -> None:
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise SijaxError(
            "A function that yields is a Comet function: register it with register_comet_callback(), and call it by"
            " sjxComet.request()."
        )


def _nothing(*_: object) -> None:
    """Does nothing, where no handler is registered."""


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=False)
