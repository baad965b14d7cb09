"""The response a view returns: Werkzeug's API over a plain list of header fields.

The request path works on ``_raw``, a list of ``(name, value)`` pairs, and on ``response``, a list
of byte strings; ``headers`` is a view of that same list, made when somebody asks for it. Anything
rare (streams, ranges, conditional answers, body-less statuses) takes Werkzeug's complete path.
This module must not know which protocol the response leaves by.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from contextvars import Context, copy_context
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeAlias

from werkzeug.datastructures import Headers as WerkzeugHeaders
from werkzeug.http import remove_entity_headers
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response as BaseResponse

from demijohn import json
from demijohn.contexts.context import current
from demijohn.http.cookies import dump_cookie
from demijohn.http.headers import Headers, check_status
from demijohn.http.ranges import content_range, parse_range
from demijohn.typing import RawHeaders, StartResponse, WSGIEnvironment

#: Header fields, as they will be sent.
Raw: TypeAlias = RawHeaders
#: What a body is made of.
Body: TypeAlias = (
    str | bytes | bytearray | Iterable[str] | Iterable[bytes] | AsyncIterable[str] | AsyncIterable[bytes]
)

_NO_BODY_METHOD = "HEAD"
#: Statuses that have no body (RFC 9110, section 6.4.1), and those whose Location has to be a URI.
_BODYLESS = frozenset({*range(100, 200), 204, 304})
_LOCATED = frozenset({201, *range(300, 400)})
_WITH_ADDRESS = frozenset({"location", "content-location"})
#: A Location that is a URI already, whose characters need no encoding (RFC 3986, section 2).
_plain_uri = re.compile(r"[A-Za-z0-9:/?#@!$&'()*+,;=%._~-]+")


class Response(BaseResponse):
    """What a view returns in the end, as Flask's.

    :param response: The body: text, bytes, or a sync or async iterable of either.
    :param status: Code or status line, 100 to 999.
    :param headers: Header fields.
    :param mimetype: Media type; text types get ``charset=utf-8``.
    :param content_type: The Content-Type as it is to be sent.
    :param direct_passthrough: Hand the iterable to the server as it is.
    :raises ValueError: for a status, a field name or a value that must not be sent.
    """

    default_mimetype: str | None = "text/html"
    json_module = json
    autocorrect_location_header = False

    _raw: Raw
    _context: Context | None = None
    #: Whether it is always sent by Werkzeug's complete path: a subclass has a say in how.
    _sends_itself = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if any(getattr(cls, name) is not getattr(Response, name) for name in _EMISSION):
            cls._sends_itself = True

    def __init__(
        self,
        response: Body | None = None,
        status: int | str | HTTPStatus | None = None,
        headers: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]] | None = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        if isinstance(headers, WerkzeugHeaders):
            # Werkzeug shares the object given; a strict view of the same list does the same.
            raw: Raw = headers._list
            self.__dict__["headers"] = headers if isinstance(headers, Headers) else Headers.over(raw)
        elif headers:
            kept = Headers(headers)
            raw = kept._list
            self.__dict__["headers"] = kept
        else:
            raw = []
        self._raw = raw
        self._on_close: Any = ()
        self.direct_passthrough = direct_passthrough
        if content_type is None:
            typed = mimetype is None and any(name.lower() == "content-type" for name, _ in raw)
            if not typed:
                media = self.default_mimetype if mimetype is None else mimetype
                content_type = None if media is None else get_content_type(media, "utf-8")
        if content_type is not None:
            if raw:
                self.headers["Content-Type"] = content_type
            else:
                self._first_header("Content-Type", content_type)
        if status is None:
            status = self.default_status
        if status == 200:
            self._status, self._status_code = "200 OK", 200
        else:
            self.status = status
        if isinstance(response, (str, bytes, bytearray)):
            self.set_data(response)
        elif response is None:
            self.response = []
        else:
            parts: Any = response  # Werkzeug's knows no async ones
            self.response = parts
            if type(response) is not list:
                self._context = copy_context()

    def _first_header(self, name: str, value: str) -> None:
        if "\n" in value or "\r" in value or "\0" in value:
            self.headers[name] = value  # raises, and says why
        self._raw.append((name, value))

    @classmethod
    def of_bytes(cls, body: bytes, code: int, status: str, raw: Raw) -> Response:
        """A response of these parts, all known to be valid; ``raw`` lacks the length only.

        PERF: 0.4 us against 1.5 us of ``__init__``; only for a class that overrides nothing.
        """
        raw.append(("Content-Length", str(len(body))))
        return cls.of_parts(body, raw, code, status)

    @classmethod
    def of_parts(cls, body: bytes, raw: Raw, code: int = 200, status: str = "200 OK") -> Response:
        """As :meth:`of_bytes`, with header fields that are complete."""
        self = cls.__new__(cls)
        self.response = [body]
        self._status_code = code
        self._status = status
        self._raw = raw
        self._on_close = ()
        self.direct_passthrough = False
        return self

    def __getattr__(self, name: str) -> Any:
        # Reached for what is not set: the header view, made from the raw list when first asked for.
        if name == "headers":
            view = self.__dict__["headers"] = Headers.over(self._raw)
            return view
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def raw_headers(self) -> Raw:
        """The header fields as the list that will be sent; later changes to it count."""
        view = self.__dict__.get("headers")
        if view is None:
            return self._raw
        if not isinstance(view, WerkzeugHeaders):
            # COMPAT: Werkzeug takes whatever was assigned, and applications assign dictionaries.
            view = self.__dict__["headers"] = Headers(view)
        return view._list

    def _clean_status(self, value: str | int | HTTPStatus) -> tuple[str, int]:
        check_status(value)
        return super()._clean_status(value)

    def _process_range_request(
        self, environ: WSGIEnvironment, complete_length: int | None, accept_ranges: bool | str
    ) -> bool:
        """Answer with the one range that was asked for; whether there was one.

        Any other Range is ignored (RFC 9110, section 14.2): another unit, malformed, several. Werkzeug's calls it
        for GET and HEAD, and so Flask refuses them (416).

        :raises RequestedRangeNotSatisfiable: when it lies beyond the end.
        """
        ctx = current.get(None)
        if ctx is not None and not ctx.app.policy.ranges_ignored:
            return super()._process_range_request(environ, complete_length, accept_ranges)
        if not accept_ranges:
            return False
        self.accept_ranges = "bytes" if accept_ranges is True else accept_ranges
        if not (complete_length and self._is_range_request_processable(environ)):
            return False
        ranges = parse_range(environ.get("HTTP_RANGE"), complete_length)
        if ranges is None or len(ranges) != 1:
            return False
        start, stop = ranges[0]
        self.content_length = stop - start
        self.headers["Content-Range"] = content_range(start, stop, complete_length)
        self.status_code = 206
        self._wrap_range_response(start, stop - start)
        return True

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """Bytes above which setting a cookie warns; ``MAX_COOKIE_SIZE`` of the current app."""
        ctx = current.get(None)
        return BaseResponse.max_cookie_size if ctx is None else int(ctx.app.config["MAX_COOKIE_SIZE"])

    def set_cookie(
        self, key: str, value: str = "", max_age: timedelta | int | None = None,
        expires: str | date | datetime | float | None = None, path: str | None = "/",
        domain: str | None = None, secure: bool = False, httponly: bool = False,
        samesite: str | None = None, partitioned: bool = False,
    ) -> None:  # fmt: skip
        """Set a cookie.

        :param max_age: How long it lasts, in seconds or as a timedelta; None until the browser is closed.
        :param expires: When it ends: a date, seconds since the epoch, or text sent as it is.
        :param path: The part of the site that gets it back.
        :param domain: The domain whose hosts get it back; by default only this host.
        :param secure: Only over HTTPS.
        :param httponly: Not for scripts of the page.
        :param samesite: ``Strict``, ``Lax`` or ``None``.
        :param partitioned: Kept apart for each site it is embedded in.
        :raises ValueError: when a part would break out of its place in the header field, or the name is no token
            (RFC 6265, section 4.1.1).
        """
        ctx = current.get(None)
        cookie = dump_cookie(
            key, value, max_age, expires, path, domain, secure, httponly,
            max_size=self.max_cookie_size, samesite=samesite, partitioned=partitioned,
            any_name=ctx is not None and not ctx.app.policy.strict_cookie_names,
        )  # fmt: skip
        self.headers.add("Set-Cookie", cookie)

    def call_on_close(self, func: Callable[[], Any]) -> Callable[[], Any]:
        """Run ``func`` when the body has been sent or given up."""
        if not self._on_close:
            self._on_close = []
        self._on_close.append(func)
        return func

    def set_data(self, value: bytes | bytearray | str) -> None:
        """Set the body to ``value``, text as UTF-8, and the Content-Length to match."""
        body = value.encode() if isinstance(value, str) else bytes(value)
        self.response = [body]
        if not self.automatically_set_content_length:
            return
        length = str(len(body))
        raw = self.raw_headers
        for place, (name, _) in enumerate(raw):
            if name.lower() == "content-length":
                raw[place] = (name, length)
                return
        raw.append(("Content-Length", length))

    data = property(BaseResponse.get_data, set_data, doc="The body as bytes.")

    @property
    def is_async(self) -> bool:
        """Whether the body is an asynchronous iterable."""
        return hasattr(self.response, "__aiter__")

    @property
    def body_context(self) -> Context:
        """Where the parts of a streamed body are made: with the context variables its view had set."""
        made = self._context
        return made if made is not None and made.get(current) is current.get(None) else copy_context()

    def plain(self, method: str) -> tuple[bytes, Raw] | None:
        """Body and header fields when they can be sent as they stand, else None (see :meth:`emit`)."""
        body = self.response
        if (
            type(body) is not list
            or self._sends_itself
            or method == _NO_BODY_METHOD
            or self._status_code in _BODYLESS
            or self._on_close
            or (
                self._status_code in _LOCATED
                and (self.autocorrect_location_header or not self._has_plain_location())
            )
        ):
            return None
        data = body[0] if len(body) == 1 else None
        if type(data) is not bytes:
            data = b"".join([part.encode() if isinstance(part, str) else part for part in body])
        raw = self.raw_headers
        # Ours end in the length; anybody else's list is searched.
        if not raw or raw[-1][0] != "Content-Length":
            for name, _ in raw:
                if name.lower() == "content-length":
                    break
            else:
                raw.append(("Content-Length", str(len(data))))
        return data, raw

    def _has_plain_location(self) -> bool:
        """Whether a Location, if there is one, can be sent as it stands."""
        locations = [value for name, value in self.raw_headers if name.lower() == "location"]
        return all(_plain_uri.fullmatch(location) for location in locations)

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> WerkzeugHeaders:
        """A copy of the header fields, made fit for the status and the body.

        PERF: Werkzeug's adds them one by one (1.5 us each); where it would change none, the list is copied.
        """
        raw = self.raw_headers
        code = self._status_code
        names = {name.lower() for name, _ in raw}
        needs_length = self.is_sequence and "content-length" not in names and code != 304
        if code < 200 or code == 204 or needs_length or not names.isdisjoint(_WITH_ADDRESS):
            return super().get_wsgi_headers(environ)
        headers = WerkzeugHeaders()
        headers._list = raw[:]
        if code == 304:
            remove_entity_headers(headers)
        return headers

    def emit(self, environ: WSGIEnvironment) -> tuple[Any, str, Raw]:
        """Body, status line and header fields of a response that is not plain (RFC 9110, section 15)."""
        return self._emit_async(environ) if self.is_async else self.get_wsgi_response(environ)

    def _emit_async(self, environ: WSGIEnvironment) -> tuple[AsyncBody, str, Raw]:
        headers = self.get_wsgi_headers(environ)
        source: Any = self.response
        body = AsyncBody(source, self.close)
        if environ["REQUEST_METHOD"] == _NO_BODY_METHOD or self._status_code in {204, 304}:
            body.skip = True
        return body, self._status, headers.to_wsgi_list()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response by WSGI."""
        plain = self.plain(environ["REQUEST_METHOD"])
        if plain is not None:
            start_response(self._status, plain[1][:])
            return [plain[0]]
        parts: Iterable[bytes]
        parts, status, headers = self.emit(environ)
        start_response(status, headers)
        return parts


#: What a subclass overrides to have a say in how the response is sent.
_EMISSION = (
    "automatically_set_content_length", "close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response",
    "iter_encoded",
)  # fmt: skip


class AsyncBody:
    """An asynchronous body encoded to bytes, which closes its source and the response at the end."""

    def __init__(self, source: AsyncIterable[str | bytes], on_close: Callable[[], Any]) -> None:
        self.source = source
        self.on_close = on_close
        self.skip = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.skip:
            return
        async for part in self.source:
            yield part.encode() if isinstance(part, str) else part

    async def aclose(self) -> None:
        """Close the source, so that its ``finally`` blocks run, then the response."""
        close = getattr(self.source, "aclose", None)
        if close is not None:
            await close()
        self.on_close()
