"""The request as Flask's where ours would be told from it."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, TypeVar

from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Request as BaseRequest
from werkzeug.wsgi import get_input_stream

from demijohn.http.cookies import parse_cookie
from demijohn.http.fields import Fields
from demijohn.http.form_part import InvalidMultipart
from demijohn.http.query import parse_pairs, parse_query
from demijohn.wrappers.body import RefusedBody, StreamedBody
from demijohn.wrappers.request import Request as NativeRequest, UNSAID_STORAGE, lazy, nothing_stored
from demijohn.wrappers.response import Response
from demijohn.wrappers.websocket import Websocket as NativeWebsocket

__all__ = ["Request", "Response"]

V = TypeVar("V")

#: Werkzeug drops no cookie for its control characters.
_nothing = re.compile(r"(?!)")


def _as_werkzeugs(fields: MultiDict[str, V]) -> Any:
    """The same object, of Werkzeug's own class, which a test may ask its type for."""
    kept: Any = fields
    if type(fields) is Fields:
        kept.__class__ = ImmutableMultiDict
    return kept


class Request(NativeRequest):
    """Flask's request: in the environ under ``werkzeug.request``, with Flask's limits only."""

    # COMPAT: Flask's own tests and old middleware read environ["werkzeug.request"].
    _populate = True

    # COMPAT: names of Flask's class. What is set on one request is kept in its own dictionary.
    _max_content_length: int | None = None
    _max_form_memory_size: int | None = None
    _max_form_parts: int | None = None
    # COMPAT: since 2.3 Werkzeug reads a cookie's bytes as Latin-1, those of UTF-8 too.
    _cookies_are_latin_1 = True
    # Flask limits neither files nor fields nor JSON, and an application may have settings of these names.
    max_form_files: int | None = None
    max_query_fields: int | None = None
    max_json_size: int | None = None
    max_json_depth: int | None = None

    @lazy
    def host(self) -> str:
        """The host as Werkzeug finds it: empty when it is malformed.

        :raises SecurityError: when it is not in ``trusted_hosts``, or has characters that cannot be shown.
        """
        host = str(super().host)
        if not host and not self.environ.get("HTTP_HOST", "").isprintable():
            # Werkzeug up to 3.1.7 raised for this, and Flask's own tests want it.
            raise SecurityError("The Host header has characters that no host has.")
        return host

    @lazy
    def args(self) -> Any:
        """The fields of the query string, as many as there are."""
        query = self.environ.get("QUERY_STRING", "")
        return self._fields(query if query.isascii() else query.encode("latin-1"))

    @lazy
    def cookies(self) -> Any:
        """The cookies of the request; of several with one name, all are kept."""
        header = self.environ.get("HTTP_COOKIE")
        if not header or (header.isascii() and header.isprintable()):
            return _as_werkzeugs(super().cookies)
        # The parser reads UTF-8, so it is given what it shall read in that.
        fields = parse_cookie(
            header.encode().decode("latin-1") if self._cookies_are_latin_1 else header, _nothing
        )
        storage = self.dict_storage_class
        return _as_werkzeugs(fields) if storage is UNSAID_STORAGE else storage(fields.items(multi=True))

    def _fields(self, data: bytes | str) -> Any:
        storage = self.parameter_storage_class
        if storage is not UNSAID_STORAGE:
            return storage(parse_pairs(data, None))
        return _as_werkzeugs(parse_query(data, None))

    @lazy
    def stream(self) -> Any:
        """The body as a stream, Werkzeug's under WSGI."""
        if "form" in self.__dict__ or self._is_fed() or self.shallow:
            return super().stream
        # COMPAT: code looks at what a LimitedStream has: is_exhausted, limit.
        return get_input_stream(self.environ, max_content_length=self.max_content_length)

    # COMPAT: what subclasses and tests put in the place of the stream is read, and by whoever asks first.
    get_data: Any = BaseRequest.get_data

    def _is_fed(self) -> bool:
        """Whether the body comes from an adapter of ours rather than from a WSGI server."""
        source = self.environ.get("wsgi.input")
        if source is None or isinstance(source, (StreamedBody, RefusedBody)):
            return True
        return getattr(self.url_rule, "stream", False) is True

    def _load_urlencoded(self) -> None:
        state = self.__dict__
        data = state.get("_cached_data")
        if data is None:
            data = self._read_body()
        if not data.isascii():
            try:
                data = data.decode()
            except UnicodeDecodeError:
                data = b""  # as Werkzeug, which takes such a form for an empty one
        state["form"] = self._fields(data)

    def _load_small_multipart(self) -> bool:
        try:
            loaded = super()._load_small_multipart()
            if loaded:
                _as_werkzeugs(self.__dict__["form"])
                _as_werkzeugs(self.__dict__["files"])
            return loaded
        except InvalidMultipart:
            # Werkzeug takes a malformed form for an empty one.
            state, storage = self.__dict__, self.parameter_storage_class
            state["stream"] = BytesIO()
            state["form"], state["files"] = nothing_stored(storage), nothing_stored(storage)
            return True

    def _load_large_multipart(self) -> bool:
        """Left to Werkzeug's parser, of which applications know what it makes of malformed forms."""
        return False


class Websocket(NativeWebsocket):
    """A socket, whose handshake may have as many fields in its query as it likes."""

    max_query_fields: int | None = None
