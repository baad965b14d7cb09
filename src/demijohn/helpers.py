"""The functions of Flask's face that need a current application or request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast, overload

from werkzeug.exceptions import Aborter
from werkzeug.exceptions import abort as _plain_abort
from werkzeug.utils import redirect as _plain_redirect

from demijohn.contexts.context import RequestContext, current
from demijohn.contexts.life import STREAMED
from demijohn.setup.envvars import get_debug_flag, get_load_dotenv
from demijohn.sessions.flashing import flash, get_flashed_messages
from demijohn.app import Flask
from demijohn.http import redirects
from demijohn.http.sse import MEDIA_TYPE
from demijohn.contexts.proxies import current_app, request
from demijohn.wrappers.request import split_blueprint_path
from demijohn.wrappers.response import Response
from demijohn.setup.scaffold import get_root_path
from demijohn.wrappers.files import send_file, send_from_directory
from demijohn.templating import get_template_attribute
from demijohn.waiting.drivers import drive, drive_async
from demijohn.events.plain import stream_sync
from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.events import stream as event_streams
else:
    event_streams = later("demijohn.events.stream")  # 9 ms, 13 % of an import of Flask: it brings asyncio

__all__ = [
    "abort", "event_stream", "flash", "get_debug_flag", "get_flashed_messages", "get_load_dotenv",
    "get_root_path", "get_template_attribute", "is_safe_url", "make_response", "redirect", "safe_redirect", "send_file",
    "send_from_directory", "split_blueprint_path", "stream_with_context", "url_for",
]  # fmt: skip


T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

# The parameter of redirect() has the class's name, as in Flask.
_Response = Response


def make_response(*args: Any) -> Response:
    """A response of what a view could return, to add to it: headers, cookies.

    :param args: Body; or body and status or headers; or all three. Nothing makes an empty one.
    """
    made: Response
    if not args:
        made = current_app.response_class()
    else:
        made = current_app.make_response(args[0] if len(args) == 1 else args)
    return made


def url_for(
    endpoint: str, *, _anchor: str | None = None, _method: str | None = None, _scheme: str | None = None,
    _external: bool | None = None, **values: Any,
) -> str:  # fmt: skip
    """The URL of an endpoint; see :meth:`demijohn.Flask.url_for`."""
    app = cast(Flask, current_app)
    return app.url_for(
        endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
    )


def redirect(location: str, code: int | None = None, Response: Any = None) -> _Response:
    """A response that redirects to ``location``.

    :param code: 301, 302, 303, 307 or 308; ``REDIRECT_CODE`` by default, which is 302.
    :param Response: Class of the response, outside of an application.
    """
    ctx = current.get(None)
    if ctx is None:
        return cast(_Response, _plain_redirect(location, code=code or 302, Response=Response))
    app = cast(Flask, ctx.app)
    # A method that overrides the application's is given a number, as it is on Flask.
    return app.redirect(location, code=app._redirect_code if code is None else code)


def safe_redirect(target: str | None, fallback: str, code: int | None = None) -> Response:
    """A redirect to a target that came with the request, such as ``next``; only within this site.

    :param target: Where to go, from the client.
    :param fallback: Where to go instead when that leads elsewhere or is missing.
    """
    return redirect(redirects.safe_redirect_target(target, fallback, request.host), code)


def is_safe_url(
    target: str | None, host: str | Collection[str] | None = None, require_https: bool = False
) -> bool:
    """Whether a browser that is sent to ``target``, which came with a request, stays on this site.

    :param target: Where to go, from the client.
    :param host: This site's ``name`` or ``name:port``, or several; the current request's by default.
    :param require_https: Refuse http addresses.
    """
    return redirects.is_safe_url(target, request.host if host is None else host, require_https)


def abort(code: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """End the request with an HTTP error, or with a response.

    :param code: Status code, or a response.
    :param args: For the exception: its description.
    """
    ctx = current.get(None)
    if ctx is not None:
        aborter = ctx.app.aborter
        if not args and not kwargs and aborter.__class__ is Aborter and code.__class__ is int:
            # PERF: 1.5 us less than the call, for abort(404).
            exception = aborter.mapping.get(code)
            if exception is not None:
                raise exception()
        aborter(code, *args, **kwargs)
    _plain_abort(code, *args, **kwargs)


@overload
def stream_with_context(generator_or_function: Iterator[T]) -> Iterator[T]: ...
@overload
def stream_with_context(generator_or_function: AsyncIterator[T]) -> AsyncIterator[T]: ...
@overload
def stream_with_context(generator_or_function: F) -> F: ...
def stream_with_context(generator_or_function: Any) -> Any:
    """Keep the request open while a body is streamed: its teardown runs after the last part.

    A streamed body sees ``request`` and ``session`` without this as well; with it, what the teardown
    closes (a database session, say) stays usable until the stream ends. Sync and async generators. What the
    stream raises is what the teardown functions are given; GeneratorExit when the client left before its end.

    :param generator_or_function: A generator, or a function that returns one.
    :raises RuntimeError: outside of a request.
    """
    if callable(generator_or_function) and not hasattr(generator_or_function, "__next__"):
        function: Any = generator_or_function

        def decorated(*args: Any, **kwargs: Any) -> Any:
            return stream_with_context(function(*args, **kwargs))

        return update_wrapper(decorated, generator_or_function)
    ctx = current.get(None)
    if not isinstance(ctx, RequestContext):
        raise RuntimeError(
            "'stream_with_context' can only be used when a request context is active, such as in a view"
            " function."
        )
    source: Any = generator_or_function
    return _AsyncHeld(ctx, source) if hasattr(source, "__anext__") else _Held(ctx, iter(source))


class _Hold:
    """Keeps the teardown of a context waiting until it is released."""

    def __init__(self, ctx: RequestContext) -> None:
        self._ctx: RequestContext | None = ctx
        ctx.hold()

    def _release(self, error: BaseException | None) -> RequestContext | None:
        """The context, when this was the last that held it and its request has ended.

        :param error: What ended the stream, for the teardown; while the request goes on it is the view's.
        """
        ctx, self._ctx = self._ctx, None
        if ctx is None:
            return None
        if error is not None and ctx.error is None and ctx.state is STREAMED:
            ctx.error = error
        return ctx if ctx.released() else None


class _Held(_Hold):
    def __init__(self, ctx: RequestContext, source: Iterator[Any]) -> None:
        super().__init__(ctx)
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._ctx is None:
            raise StopIteration
        token = current.set(self._ctx)
        try:
            return next(self._source)
        except BaseException as e:
            self._end(None if isinstance(e, StopIteration) else e)
            raise
        finally:
            current.reset(token)

    def _end(self, error: BaseException | None) -> None:
        try:
            # Not only a generator's, which has ended by itself: an iterator may have something to close.
            close = getattr(self._source, "close", None)
            if close is not None:
                close()
        finally:
            ctx = self._release(error)
            if ctx is not None:
                drive(ctx.way.tear_down(ctx.app, ctx, ctx.error))
                ctx.gone()

    def close(self) -> None:
        """Close the generator, then tear the request down."""
        if self._ctx is None:
            return
        token = current.set(self._ctx)
        try:
            self._end(GeneratorExit())
        finally:
            current.reset(token)


class _AsyncHeld(_Hold):
    def __init__(self, ctx: RequestContext, source: AsyncIterator[Any]) -> None:
        super().__init__(ctx)
        self._source = source

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._ctx is None:
            raise StopAsyncIteration
        try:
            return await anext(self._source)
        except BaseException as e:
            await self._end(None if isinstance(e, StopAsyncIteration) else e)
            raise

    async def _end(self, error: BaseException | None) -> None:
        ctx = self._release(error)
        if ctx is not None:
            steps = ctx.way.tear_down(ctx.app, ctx, ctx.error)
            # What may block is not run on the loop, nor behind the views that have the other threads.
            await (drive_async(steps) if ctx.plan.on_loop else cast(Flask, ctx.app).lifecycle.drive(steps))
            ctx.gone()

    async def aclose(self) -> None:
        """Close the generator, then tear the request down."""
        if self._ctx is None:
            return
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()
        await self._end(GeneratorExit())


def event_stream(events: Any, *, ping: float | None = None, retry: int | None = None) -> Response:
    """A response of server-sent events (WHATWG HTML, 9.2).

    It ends when the client has gone, when a subscription was full (:class:`~demijohn.Lagged`), and when the server
    stops: the answer to a GET at once, since its browser comes back; to any other method, when its events end.

    :param events: A sync or async iterable of text, JSON values, :class:`ServerSentEvent` and
        :class:`~demijohn.Message`; such as a subscription of a :class:`~demijohn.Broadcast`.
    :param ping: Seconds of silence after which a comment is sent, lest a proxy take the connection for dead.
    :param retry: Milliseconds after which a browser that lost the stream comes back.
    """
    lifecycle = cast(Flask, current_app).lifecycle
    ends = request.method == "GET"
    body: Any
    if ping is None and not hasattr(events, "__aiter__"):
        body = stream_sync(events, retry, lifecycle, ends)
    else:
        body = event_streams.stream(events, ping, retry, lifecycle, ends)
    response: Response = current_app.response_class(body, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"  # nginx: pass events on as they come
    return response
