"""Types for annotating views and hooks, under the names of ``flask.typing``.

The protocols and aliases that every floor above shares. Imports nothing of this package, and holds no
behaviour.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from typing import Any, Protocol, TypeAlias, TypeVar

from werkzeug.datastructures import Headers
from werkzeug.sansio.response import Response as AnyResponse

__all__ = [
    "AfterRequestCallable",
    "AppOrBlueprintKey",
    "BeforeFirstRequestCallable",
    "BeforeRequestCallable",
    "ErrorHandlerCallable",
    "HeaderValue",
    "HeadersValue",
    "ResponseClass",
    "ResponseReturnValue",
    "ResponseValue",
    "RouteCallable",
    "ShellContextProcessorCallable",
    "StatusCode",
    "TeardownCallable",
    "TemplateContextProcessorCallable",
    "TemplateFilterCallable",
    "TemplateGlobalCallable",
    "TemplateTestCallable",
    "URLDefaultCallable",
    "URLValuePreprocessorCallable",
    "WSGIApplication",
]

#: A (name, value) list as the request path keeps header fields.
RawHeaders: TypeAlias = list[tuple[str, str]]


#: The environ of a WSGI request (PEP 3333), and what stands for it under ASGI and RSGI.
WSGIEnvironment: TypeAlias = dict[str, Any]


class StartResponse(Protocol):
    """The second argument of a WSGI application (PEP 3333)."""

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        """Begin the response and return the legacy write function."""
        ...


#: A WSGI application (PEP 3333); a view may return one to hand the request over to it.
WSGIApplication: TypeAlias = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

# --- what a view may return ---------------------------------------------------------------------

_Text: TypeAlias = str | bytes
_Stream: TypeAlias = Iterator[str] | Iterator[bytes] | AsyncIterable[str] | AsyncIterable[bytes]

#: What becomes a response by itself. Mapping stands for dict, so that a TypedDict passes.
ResponseValue: TypeAlias = AnyResponse | _Text | Mapping[str, Any] | list[Any] | _Stream

#: One header field's value, or several for as many fields.
HeaderValue: TypeAlias = str | list[str] | tuple[str, ...]

#: Header fields, in any form that :class:`werkzeug.datastructures.Headers` takes.
HeadersValue: TypeAlias = Headers | Mapping[str, HeaderValue] | Sequence[tuple[str, HeaderValue]]

#: A status code, or a whole status line's text.
StatusCode: TypeAlias = int

_WithStatus: TypeAlias = tuple[ResponseValue, StatusCode]
_WithHeaders: TypeAlias = tuple[ResponseValue, HeadersValue]
_WithBoth: TypeAlias = tuple[ResponseValue, StatusCode, HeadersValue]

#: What a view may return.
ResponseReturnValue: TypeAlias = ResponseValue | _WithStatus | _WithHeaders | _WithBoth | WSGIApplication

#: Any subclass of Werkzeug's response: hooks annotated with their own response class pass.
ResponseClass = TypeVar("ResponseClass", bound=AnyResponse)

# --- what may be registered ---------------------------------------------------------------------

#: None for the application, or the name of a blueprint.
AppOrBlueprintKey: TypeAlias = str | None

#: A view function, sync or async.
RouteCallable: TypeAlias = Callable[..., ResponseReturnValue] | Callable[..., Awaitable[ResponseReturnValue]]
#: An error handler. Its argument is Any because a handler is annotated with its own exception.
ErrorHandlerCallable: TypeAlias = (
    Callable[[Any], ResponseReturnValue] | Callable[[Any], Awaitable[ResponseReturnValue]]
)
#: Runs before a request; a value other than None is the response.
BeforeRequestCallable: TypeAlias = (
    Callable[[], ResponseReturnValue | None] | Callable[[], Awaitable[ResponseReturnValue | None]]
)
#: Kept for code written for older releases that annotates with it.
BeforeFirstRequestCallable: TypeAlias = Callable[[], None] | Callable[[], Awaitable[None]]
#: Takes the response and returns it, or another one.
AfterRequestCallable: TypeAlias = (
    Callable[[ResponseClass], ResponseClass] | Callable[[ResponseClass], Awaitable[ResponseClass]]
)
#: Takes the exception that ended the work, or None.
TeardownCallable: TypeAlias = (
    Callable[[BaseException | None], None] | Callable[[BaseException | None], Awaitable[None]]
)
#: Returns names for every template.
TemplateContextProcessorCallable: TypeAlias = (
    Callable[[], dict[str, Any]] | Callable[[], Awaitable[dict[str, Any]]]
)
TemplateFilterCallable: TypeAlias = Callable[..., Any]
TemplateGlobalCallable: TypeAlias = Callable[..., Any]
TemplateTestCallable: TypeAlias = Callable[..., bool]
#: Returns names for the interactive shell.
ShellContextProcessorCallable: TypeAlias = Callable[[], dict[str, Any]]
#: Takes the endpoint and the values of a URL that is being built, and adds to the values.
URLDefaultCallable: TypeAlias = Callable[[str, dict[str, Any]], None]
#: Takes the endpoint and the values that were matched, and changes the values.
URLValuePreprocessorCallable: TypeAlias = Callable[[str | None, dict[str, Any] | None], None]

# --- what servers hand over (ASGI 3.0) -----------------------------------------------------------

#: The scope of a connection, and a message about it.
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
#: An ASGI application.
ASGIApplication: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
