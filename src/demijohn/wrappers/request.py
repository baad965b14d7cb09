"""The request a view sees: Werkzeug's API, read lazily from the environ.

Nothing is parsed before it is asked for. The same class serves WSGI, ASGI and RSGI: the adapters
hand it an environ, which under ASGI and RSGI is a mapping that computes its keys on demand. This
module must not know which server is behind it, nor how the request is dispatched. It is not split,
because its attributes are one class, and what one has read of the body the others have to know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from functools import lru_cache
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar, overload

from werkzeug.datastructures import EnvironHeaders, FileStorage, Headers, ImmutableMultiDict
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.routing import Rule
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as BaseRequest

from demijohn import json
from demijohn.contexts.context import current
from demijohn.contexts.request_ids import request_id_of
from demijohn.errors import InsufficientStorage, attach_enctype_error_multidict
from demijohn.http.cookies import get_cookie, parse_cookie
from demijohn.http.fields import Fields
from demijohn.http.filled import Filled
from demijohn.http.host import get_host
from demijohn.http.multipart import MultipartLimits, parse_multipart, parse_multipart_stream
from demijohn.http.query import parse_form, parse_pairs, parse_query
from demijohn.typing import WSGIEnvironment
from demijohn.wrappers.body import (
    WHOLE_BODY, BoundedBody, RefusedBody, StreamedBody, explained, from_reader, refusal_of_coding, too_large,
    truncated,
)  # fmt: skip
from demijohn.wrappers.parts import FormParts

_boundary = re.compile(r"multipart/form-data; ?boundary=([0-9A-Za-z'()+_,./:=?-]+)")
_URLENCODED = "application/x-www-form-urlencoded"
_FORMS = (_URLENCODED, "multipart/form-data")
#: Bytes of an uploaded file that are kept in memory.
_IN_MEMORY = 500 * 1024
#: What stands in ``parameter_storage_class`` and ``dict_storage_class`` where a subclass says nothing, and fields are
#: kept in an ImmutableMultiDict: that class itself, or from Werkzeug 3.2 on, where the two are deprecated, None.
UNSAID_STORAGE = BaseRequest.parameter_storage_class


T = TypeVar("T")

if TYPE_CHECKING:  # as Werkzeug's class has the same attribute, so that each keeps its type

    class lazy(cached_property[T]):
        """What is said below."""

    def computed(compute: Callable[[Any], T]) -> T:
        """The same for what is a plain attribute there."""
        ...

else:

    class lazy:  # a descriptor, named as the decorator it is used as
        """A value computed on first access and then kept in the instance's ``__dict__``.

        PERF: ``functools.cached_property`` takes a lock on 3.11, Werkzeug's looks up a sentinel.
        """

        def __init__(self, compute: Callable[[Any], Any]) -> None:
            self.compute = compute
            self.name = compute.__name__
            self.__doc__ = compute.__doc__

        def __get__(self, obj: Request | None, owner: type[Request] | None = None) -> Any:
            if obj is None:
                return self
            value = obj.__dict__[self.name] = self.compute(obj)
            return value

    computed = lazy


def _limit(setting: str, unset: int | None) -> Any:
    """A limit: what was set on the request itself, on its route, or in the configuration."""
    slot = "_" + setting.lower()
    option = setting.lower()

    def read(self: Request) -> int | None:
        limit: int | None
        state, rule = self.__dict__, self.url_rule
        if slot in state:
            limit = state[slot]
        elif rule is not None and option in rule.__dict__:
            limit = rule.__dict__[option]
        else:
            try:
                limit = current.get().app.config[setting]
            except LookupError:  # no application, or one without the setting
                limit = unset
        return limit

    def write(self: Request, value: int | None) -> None:
        if value is None:  # as in Flask: back to the configuration
            self.__dict__.pop(slot, None)
        else:
            self.__dict__[slot] = value

    return property(read, write, doc=f"The limit ``{setting}`` for this request; set it to change it here.")


def _text_of_latin1(value: str) -> str:
    """WSGI hands over bytes as latin-1 text (PEP 3333); the bytes are UTF-8."""
    return value.encode("latin-1").decode(errors="replace")


_kept_text_of_latin1 = lru_cache(maxsize=1024)(_text_of_latin1)


def decoded(value: str) -> str:
    """The text of a WSGI path value: what its latin-1 stand-in encodes, read as UTF-8."""
    if value.isascii():
        return value
    # A long one is not kept: a sender chooses it, and 1,024 of 60 KB would be 120 MB.
    return _kept_text_of_latin1(value) if len(value) <= 256 else _text_of_latin1(value)


@lru_cache(maxsize=1024)
def split_blueprint_path(name: str) -> list[str]:
    """``"a.b.c"`` as the names from the innermost outwards: ``["a.b.c", "a.b", "a"]``."""
    parts = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        parts.append(name)
    return parts


def _announced_length(environ: WSGIEnvironment) -> int | None:
    """The length of the body that the fields announce (RFC 9112, section 6), or None."""
    length = environ.get("CONTENT_LENGTH")
    if not length or environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    return int(length) if length.isdecimal() and length.isascii() else None


def nothing_stored(storage: Any) -> Any:
    """A container without fields, of the kind that a subclass may want instead."""
    return ImmutableMultiDict() if storage is UNSAID_STORAGE else storage()


def _stored(storage: Callable[..., Any], fields: Iterable[tuple[str, str]]) -> ImmutableMultiDict[str, str]:
    """The fields in a container that a subclass wants instead."""
    stored: ImmutableMultiDict[str, str] = storage(fields)
    return stored


class Request(BaseRequest):
    """The incoming request, as Flask's: Werkzeug's request plus what routing found.

    :param environ: WSGI environ, or the mapping standing for it.
    :param populate_request: Leave a reference under ``environ["werkzeug.request"]``.
    :param shallow: Forbid reading the body through this object.
    """

    @lazy
    def json_module(self) -> Any:
        """What reads JSON bodies: the current application's provider, within ``max_json_depth``."""
        ctx = current.get(None)
        if ctx is None:
            return json
        provider: Any = ctx.app.json
        depth = self.max_json_depth
        if depth is not None:
            provider = copy(provider)
            provider.max_depth = depth
        return provider

    #: The rule that matched, or None when routing failed (then see ``routing_exception``).
    url_rule: Rule | None = None
    #: The values of the rule's variable parts, or None when routing failed.
    view_args: dict[str, Any] | None = None
    #: What routing raised: raised again when the request is dispatched.
    routing_exception: Exception | None = None

    # COMPAT: a reference from the environ to the request makes a cycle per request, so only the
    # compat level leaves one ("werkzeug.request" is read by Flask's own tests).
    _populate = False

    def __init__(
        self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False
    ) -> None:
        # Werkzeug's __init__ is not called: all that it computes is computed below when asked for.
        self.environ = environ
        if shallow:
            self.shallow = True
        elif populate_request and self._populate:
            environ["werkzeug.request"] = self

    shallow = False

    max_content_length: int | None = _limit("MAX_CONTENT_LENGTH", None)
    max_form_memory_size: int | None = _limit("MAX_FORM_MEMORY_SIZE", 500_000)
    max_form_parts: int | None = _limit("MAX_FORM_PARTS", 1000)  # type: ignore[assignment]
    max_form_files: int | None = _limit("MAX_FORM_FILES", 100)
    max_query_fields = _limit("MAX_QUERY_FIELDS", 1000)
    max_json_size: int | None = _limit("MAX_JSON_SIZE", 1024 * 1024)
    #: How deep JSON may be nested; None: as ``app.json.max_depth`` says.
    max_json_depth: int | None = _limit("MAX_JSON_DEPTH", None)

    # What Werkzeug's __init__ would have set.

    @computed
    def method(self) -> str:
        """The request method, upper case as sent."""
        method: str = self.environ.get("REQUEST_METHOD", "GET")
        return method.upper()

    @computed
    def scheme(self) -> str:
        """``http`` or ``https``."""
        scheme: str = self.environ.get("wsgi.url_scheme", "http")
        return scheme

    @computed
    def server(self) -> tuple[str, int | None] | None:
        """Name and port the server listens at; a port of None means a Unix socket."""
        environ = self.environ
        name = environ.get("SERVER_NAME")
        if name is None:
            return None
        port = environ.get("SERVER_PORT")
        return name, int(port) if port and port.isdecimal() else None

    @computed
    def root_path(self) -> str:
        """The prefix the application is mounted under, without a slash at the end."""
        return decoded(self.environ.get("SCRIPT_NAME") or "").rstrip("/")

    @computed
    def path(self) -> str:
        """The decoded path below ``root_path``, beginning with a slash."""
        return "/" + decoded(self.environ.get("PATH_INFO") or "").lstrip("/")

    @computed
    def query_string(self) -> bytes:
        """The part of the URL behind the question mark, undecoded."""
        query: str = self.environ.get("QUERY_STRING", "")
        return query.encode("latin-1")

    @computed
    def headers(self) -> Headers:
        """The header fields of the request."""
        environ = self.environ
        make = getattr(environ, "make_headers", None)
        fields: Headers = EnvironHeaders(environ) if make is None else make()
        return fields

    @computed
    def remote_addr(self) -> str | None:
        """The address of the peer. Behind a proxy, see ``TRUSTED_PROXIES``."""
        address: str | None = self.environ.get("REMOTE_ADDR")
        return address

    @lazy
    def host(self) -> str:
        """The host the request was made to, with its port unless that is the scheme's own.

        :raises SecurityError: when the Host is malformed or not in ``trusted_hosts`` (400).
        """
        ctx = current.get(None)
        if ctx is not None and not ctx.app.policy.strict_hosts:
            return str(super().host)  # Werkzeug's
        return get_host(self.scheme, self.environ.get("HTTP_HOST"), self.server, self.trusted_hosts)

    def refuse_host(self) -> str:
        """Let the server's own address stand for a Host that was refused, and return it.

        The answer is 400 in any case; this is for what still runs then: error handlers build URLs,
        hooks log them, and neither shall fail for the same reason again.
        """
        host = self.__dict__["host"] = self.own_host()
        return host

    def own_host(self) -> str:
        """The server's own address, by which a host may be called that no request names."""
        try:
            return get_host(self.scheme, None, self.server) or "localhost"
        except BadRequest:  # a server that takes its name from the request, or listens on a Unix socket
            return "localhost"

    # Parsed on demand.

    @lazy
    def args(self) -> ImmutableMultiDict[str, str]:
        """The fields of the query string.

        :raises BadRequest: with more than 1,000 fields.
        """
        query: str = self.environ.get("QUERY_STRING", "")
        storage = self.parameter_storage_class
        text = query if query.isascii() else query.encode("latin-1")
        if storage is not UNSAID_STORAGE:
            return _stored(storage, parse_pairs(text, self.max_query_fields) if text else ())
        return parse_query(text, self.max_query_fields) if text else ImmutableMultiDict()

    @lazy
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies of the request; of several with one name, all are kept."""
        header = self.environ.get("HTTP_COOKIE")
        fields: ImmutableMultiDict[str, str] = parse_cookie(header) if header else ImmutableMultiDict()
        storage = self.dict_storage_class
        return fields if storage is UNSAID_STORAGE else _stored(storage, fields.items(multi=True))

    def get_cookie(self, name: str) -> str | None:
        """One cookie's value, found without parsing the others; None when it is not there."""
        cookies = self.__dict__.get("cookies")
        if cookies is not None:
            value: str | None = cookies.get(name)
            return value
        header = self.environ.get("HTTP_COOKIE")
        return get_cookie(header, name) if header else None

    @lazy
    def content_length(self) -> int | None:
        """The announced length of the body in bytes; None when it is chunked or not announced."""
        return _announced_length(self.environ)

    @lazy
    def id(self) -> str:
        """The id of the request: what ``X-Request-ID`` brought, else a new one. The answer says it, and log records."""
        return request_id_of(self.environ)

    # What routing found.

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that a browser got before it came back to an event stream, or None."""
        field: str | None = self.environ.get("HTTP_LAST_EVENT_ID")
        return field.encode("latin-1").decode("utf-8", "replace") if field else None

    @property
    def endpoint(self) -> str | None:
        """The endpoint that matched, or None."""
        rule = self.url_rule
        return None if rule is None else rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """The registered name of the blueprint the endpoint belongs to, or None."""
        endpoint = self.endpoint
        if endpoint is None or "." not in endpoint:
            return None
        return endpoint.rpartition(".")[0]

    @property
    def blueprints(self) -> list[str]:
        """The registered names of the current blueprint and its parents, innermost first."""
        name = self.blueprint
        return [] if name is None else split_blueprint_path(name)

    # The body.

    @lazy
    def form(self) -> ImmutableMultiDict[str, str]:
        """The fields of a submitted form; files are in ``files``."""
        self._load_form_data()
        form: ImmutableMultiDict[str, str] = self.__dict__["form"]
        return form

    @lazy
    def files(self) -> ImmutableMultiDict[str, FileStorage]:
        """The uploaded files of a submitted form."""
        self._load_form_data()
        if "files" not in self.__dict__:
            self.__dict__["files"] = nothing_stored(self.parameter_storage_class)
            self._explain_missing_files()
        files: ImmutableMultiDict[str, FileStorage] = vars(self)["files"]
        return files

    def _explain_missing_files(self) -> None:
        """In debug mode, let a look-up in ``files`` say that the form was not sent as multipart."""
        ctx = current.get(None)
        if (
            ctx is not None
            and ctx.app.config["DEBUG"]
            and self.mimetype != "multipart/form-data"
            and not self.__dict__["files"]
        ):
            attach_enctype_error_multidict(self)

    def _load_form_data(self) -> None:
        """Parse the body into ``form`` and ``files`` once; plain bodies leave both empty."""
        state = self.__dict__
        if "form" in state:
            return
        environ = self.environ
        content_type: str = environ.get("CONTENT_TYPE", "")
        # PERF: one look-up in place for a body that has a length; a transfer coding leaves it without one.
        length = state["content_length"] if "content_length" in state else environ.get("CONTENT_LENGTH")
        if not length or environ.get("HTTP_CONTENT_ENCODING"):
            refusal = self._coded()
            if refusal is not None and self.mimetype in _FORMS:
                raise refusal
        ours = self.form_data_parser_class is BaseRequest.form_data_parser_class
        try:
            if ours and content_type[:33] == _URLENCODED:
                self._load_urlencoded()
            elif not (
                ours
                and content_type[:19] == "multipart/form-data"
                and (self._load_small_multipart() or self._load_large_multipart())
            ):
                self._load_by_werkzeug()
        except RequestEntityTooLarge as e:
            if explained():
                raise
            raise RequestEntityTooLarge from e

    def _coded(self) -> HTTPException | None:
        """Why the body must not be parsed as what its type says: a coding that nobody has undone."""
        environ = self.environ
        content, transfer = environ.get("HTTP_CONTENT_ENCODING"), environ.get("HTTP_TRANSFER_ENCODING")
        if content is None and (transfer is None or transfer == "chunked"):
            return None
        ctx = current.get(None)
        if self.content_length == 0 or not (ctx is None or ctx.app.policy.codings_refused):
            return None
        return refusal_of_coding(content or "", transfer or "")

    @lazy
    def data(self) -> bytes:
        """The body as bytes; empty where it was a form, which is in ``form`` and ``files``."""
        data: bytes = self.get_data(parse_form_data=self._coded() is None)
        return data

    def _load_by_werkzeug(self) -> None:
        """Parse any kind of form, by the parser that a subclass may have put in place of Werkzeug's."""
        try:
            super()._load_form_data()
        except RequestEntityTooLarge as e:
            if e.description != RequestEntityTooLarge.description:
                raise  # it says which limit
            raise RequestEntityTooLarge(
                Filled(
                    "The form has more than %(parts)s parts (MAX_FORM_PARTS), or more than %(limit)s bytes in a field"
                    " that is not a file (MAX_FORM_MEMORY_SIZE).",
                    parts=self.max_form_parts,
                    limit=self.max_form_memory_size,
                )
            ) from e
        self._refuse_many_files()
        self._explain_missing_files()

    def _refuse_many_files(self) -> None:
        """Hold what another parser took to the number of files that ours takes (413)."""
        files = self.__dict__.get("files")
        if not files:
            return
        sent = [file for group in files.listvalues() for file in group]
        try:
            MultipartLimits(files=self.max_form_files).check_files(len(sent))
        except RequestEntityTooLarge:
            for file in sent:
                file.close()
            raise

    def _load_large_multipart(self) -> bool:
        """Parse a multipart form of any size, its files onto disk; False leaves it to Werkzeug's parser."""
        boundary = self.mimetype_params.get("boundary")
        if not boundary:
            return False
        storage = self.parameter_storage_class
        with InsufficientStorage.instead_of_oserror():
            form, files = parse_multipart_stream(
                self._held_stream(),
                boundary.encode("latin-1", "replace"),
                limits=self._multipart_limits(),
                stream_factory=self._get_file_stream,
                content_length=self.content_length,
                cls=Fields if storage is UNSAID_STORAGE else storage,
            )
        self.__dict__.update(stream=BytesIO(), form=form, files=files)
        return True

    def _multipart_limits(self) -> MultipartLimits:
        return MultipartLimits(self.max_form_parts, self.max_form_files, self.max_form_memory_size)

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None,
        filename: str | None = None, content_length: int | None = None,
    ) -> IO[bytes]:  # fmt: skip
        """The file that an uploaded one is written to: in memory at first, in ``BODY_SPOOL_FOLDER`` later."""
        if total_content_length is not None and total_content_length <= _IN_MEMORY:
            return BytesIO()
        ctx = current.get(None)
        folder = None if ctx is None else ctx.app.own_setting("BODY_SPOOL_FOLDER")
        return SpooledTemporaryFile(max_size=_IN_MEMORY, mode="rb+", dir=folder)

    def _load_urlencoded(self) -> None:
        """Parse an urlencoded body; PERF: what is empty then is made when it is asked for (0.4 us)."""
        state = self.__dict__
        data = state["_cached_data"] if "_cached_data" in state else self._read_body()
        fields = parse_form(data, self.max_form_parts)  # refuses what is too much
        storage = self.parameter_storage_class
        state["form"] = fields if storage is UNSAID_STORAGE else storage(parse_pairs(data, None))

    # As Werkzeug has them, which overlap where everything is left out.
    @overload
    def get_data(  # pyright: ignore[reportOverlappingOverload]
        self, cache: bool = ..., as_text: Literal[False] = ..., parse_form_data: bool = ...
    ) -> bytes: ...

    @overload
    def get_data(
        self, cache: bool = ..., as_text: Literal[True] = ..., parse_form_data: bool = ...
    ) -> str: ...

    def get_data(
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> bytes | str:
        """The body, as bytes.

        :param cache: Keep it, for the next who asks.
        :param as_text: As text, by UTF-8; what is not UTF-8 is replaced.
        :param parse_form_data: Let a form go to :attr:`form` and :attr:`files`; the data is empty then.
        :raises RequestEntityTooLarge: when it is larger than ``max_content_length``.
        :raises ClientDisconnected: when it ends early.
        """
        state = self.__dict__
        data = state.get("_cached_data")
        if data is None:
            if parse_form_data:
                self._load_form_data()
            data = self._read_body()
            if "stream" not in state and not getattr(self.url_rule, "stream", False):
                state["stream"] = BytesIO()  # what was read is not there a second time
            if cache:
                state["_cached_data"] = data
        return data.decode(errors="replace") if as_text else data

    def _read_body(self) -> bytes:
        """The whole body, within the limit.

        PERF: an announced length is read directly, without the wrapper stream (2 us).

        :raises RequestEntityTooLarge: when it is larger than ``max_content_length``.
        :raises ClientDisconnected: when it ends early.
        """
        state = self.__dict__
        whole: bytes | None = dict.get(self.environ, WHOLE_BODY)  # an adapter's: not a field to look for
        if whole is not None and not ("stream" in state or "form" in state or "_max_content_length" in state):
            return whole
        length = state["content_length"] if "content_length" in state else _announced_length(self.environ)
        if length is None or self.shallow or "stream" in state or "form" in state:
            body: bytes = self._held_stream().read()
            return body
        limit = self.max_content_length
        if limit is not None and length > limit:
            raise too_large(limit)
        data: bytes = self.environ["wsgi.input"].read(length)
        if len(data) < length:
            parts = [data]
            missing = length - len(data)
            while missing and (part := self.environ["wsgi.input"].read(missing)):
                parts.append(part)
                missing -= len(part)
            if missing:
                raise truncated()
            data = b"".join(parts)
        return data

    @lazy
    def stream(self) -> Any:
        """The body as a stream, to be read once; with safety limits.

        On a route registered with ``stream=True`` it is read from the network as you read it, and
        can be iterated with ``async for`` as well (see :class:`~demijohn.wrappers.body.StreamedBody`).
        """
        if "form" in self.__dict__:
            return BytesIO()  # it has been read
        source = self.environ.get("wsgi.input")
        if isinstance(source, StreamedBody):
            return source
        if self.shallow:
            raise RuntimeError(
                "This request was created with 'shallow=True', reading from the input stream is disabled."
            )
        limit = self.max_content_length
        length = self.content_length
        if limit is not None and length is not None and length > limit:
            raise too_large(limit)
        if source is None or (length is None and not self.environ.get("wsgi.input_terminated")):
            return BytesIO()  # it would be read for ever
        stream = BoundedBody(source, limit, length)
        if getattr(self.url_rule, "stream", False) is True:
            return StreamedBody(from_reader(stream), None, reader=stream)
        return stream

    def _held_stream(self) -> Any:
        """The stream that is read to the end, held to the limit also where a hook put another in its place.

        Such a one unpacks the body: what counts is what comes out of it.
        """
        stream = self.stream
        if isinstance(stream, (BytesIO, BoundedBody, StreamedBody, RefusedBody)):
            return stream
        return BoundedBody(stream, self.max_content_length, None)

    def _load_small_multipart(self) -> bool:
        """Parse a multipart body that is in memory anyway; False leaves it to Werkzeug's parser."""
        length = self.content_length
        if (
            length is None
            or length > 64 * 1024
            or type(self)._get_file_stream is not Request._get_file_stream
            or self.parameter_storage_class is not UNSAID_STORAGE
        ):
            return False
        found = _boundary.fullmatch(self.environ["CONTENT_TYPE"])
        # PERF: 3 us less than parsing all parameters, for what browsers send.
        boundary = found[1] if found else self.mimetype_params.get("boundary")
        if not boundary:
            return False
        state = self.__dict__
        data = state.get("_cached_data")
        if data is None:
            data = self._read_body()
        if (
            not data
        ):  # some clients say the type with every request; others send half a form, which is an error
            state["stream"], state["form"], state["files"] = (
                BytesIO(),
                ImmutableMultiDict(),
                ImmutableMultiDict(),
            )
            return True
        limits = self._multipart_limits()
        form, files = parse_multipart(data, boundary.encode("latin-1", "replace"), limits=limits)
        state["stream"], state["form"], state["files"] = BytesIO(), form, files
        return True

    def parts(self) -> FormParts:
        """The parts of a multipart form while they arrive, on a route registered with ``stream=True``.

        To be iterated, with ``for`` or ``async for``; see :class:`~demijohn.wrappers.parts.Part`.

        :raises RuntimeError: on another route, whose form has been read before.
        :raises UnsupportedMediaType: when the body is no multipart form (415).
        """
        state = self.__dict__
        if "_parts" not in state:
            boundary = self.mimetype_params.get("boundary", "")
            if self.mimetype != "multipart/form-data":
                raise UnsupportedMediaType("A form is expected here, sent as multipart/form-data.")
            refusal = self._coded()
            if refusal is not None:
                raise refusal
            stream = self.stream
            if not isinstance(stream, StreamedBody):
                if isinstance(stream, RefusedBody):
                    raise stream.reason
                raise RuntimeError(
                    "request.parts() reads a form while it arrives: register the route with stream=True, or use"
                    " request.form and request.files."
                )
            state["_parts"] = FormParts(
                stream, boundary.encode("latin-1", "replace"), self._multipart_limits()
            )
        parts: FormParts = state["_parts"]
        return parts

    @overload
    def get_json(self, force: bool = ..., silent: Literal[False] = ..., cache: bool = ...) -> Any: ...

    @overload
    def get_json(self, force: bool = ..., silent: bool = ..., cache: bool = ...) -> Any | None: ...

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """What the JSON of the body says; see Werkzeug's.

        :param force: Read it whatever the Content-Type is.
        :param silent: Return None for what cannot be read.
        :param cache: Keep the result, and the body.
        :raises RequestEntityTooLarge: when it is larger than ``max_json_size`` (413).
        :raises UnsupportedMediaType: when the Content-Type is no JSON, or it is in a content coding (415).
        :raises BadRequest: when it cannot be read (400).
        """
        if not (force or self.is_json):
            return super().get_json(force, silent, cache)
        refusal = self._coded()
        if refusal is not None:
            if silent:
                return None
            raise refusal
        limit = self.max_json_size
        if limit is not None:
            size = self.content_length
            if size is None and self._cached_json[silent] is Ellipsis:
                size = len(self.get_data())
            if size is not None and size > limit:
                raise too_large(limit, "JSON", "MAX_JSON_SIZE")
        return super().get_json(force, silent, cache)

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Turn a JSON error into a 400 that says what is wrong and where.

        With a policy without ``explained_errors`` it says so in debug mode only.
        """
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as error:
            ctx = current.get(None)
            if ctx is None or not (ctx.app.policy.explained_errors or ctx.app.debug):
                raise BadRequest() from error
            raise

    def close(self) -> None:
        """Close the uploaded files, if any were parsed."""
        files = self.__dict__.get("files")
        if files:
            for upload in files.values():
                upload.close()
