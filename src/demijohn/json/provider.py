"""The object behind ``app.json``: how an application writes and reads JSON.

A provider is exchanged as a whole: subclass :class:`JSONProvider`, implement ``dumps`` and
``loads``, and assign it to ``app.json`` or ``Flask.json_provider_class``. This module must not
know which application it serves beyond its ``debug``, ``response_class`` and ``policy``.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import uuid
import weakref
from collections.abc import Callable
from datetime import date
from typing import IO, Any, AnyStr, Protocol

from werkzeug.http import http_date
from werkzeug.local import LocalProxy

from demijohn.json.decoder import decode, decode_trusted
from demijohn.json.encoder import encode_flat, make_encoder
from demijohn.policy import Policy

__all__ = ["DefaultJSONProvider", "JSONProvider"]

_SPACED = (", ", ": ")
_COMPACT = (",", ":")


class Application(Protocol):
    """An application, as far as its provider goes."""

    policy: Policy

    @property
    def debug(self) -> bool:
        """Whether debug mode is on."""
        ...

    @property
    def response_class(self) -> type[Any]:
        """What :meth:`JSONProvider.response` makes."""
        ...


class JSONProvider:
    """The operations an application needs; a subclass implements ``dumps`` and ``loads``.

    :param app: The application. Kept as a weak proxy, so that the two do not keep each other.
    """

    def __init__(self, app: Application) -> None:
        self._app = weakref.proxy(app._get_current_object() if isinstance(app, LocalProxy) else app)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Encode ``obj`` to JSON text.

        :param kwargs: For the library underneath.
        """
        raise NotImplementedError

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        """Encode ``obj`` and write it to a text file, which should be UTF-8.

        :param kwargs: For the library underneath.
        """
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Decode text, or bytes in UTF-8.

        :param kwargs: For the library underneath.
        """
        raise NotImplementedError

    def load(self, fp: IO[AnyStr], **kwargs: Any) -> Any:
        """Decode all that a text file, or a file of UTF-8 bytes, holds.

        :param kwargs: For the library underneath.
        """
        return self.loads(fp.read(), **kwargs)

    def _prepare_response_obj(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What ``response(*args, **kwargs)`` is to encode."""
        if kwargs:
            if args:
                raise TypeError("app.json.response() takes either args or kwargs, not both")
            return kwargs
        if len(args) == 1:
            return args[0]
        return args or None

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """A response with the arguments as JSON; what ``jsonify`` calls.

        One positional argument is encoded as it is, several as a list, keyword arguments as an
        object, and no arguments as null.

        :raises TypeError: for positional and keyword arguments together.
        """
        text = self.dumps(self._prepare_response_obj(args, kwargs))
        return self._app.response_class(text, mimetype="application/json")


def _default(o: object) -> Any:
    """What JSON has instead of ``o``: dates as HTTP dates, decimals and UUIDs as text, ...

    :raises TypeError: when it has nothing.
    """
    if isinstance(o, date):
        return http_date(o)
    # PERF: whoever holds a Decimal has imported decimal; importing it here costs 1.3 ms at start.
    decimal = sys.modules.get("decimal")
    if isinstance(o, uuid.UUID) or (decimal is not None and isinstance(o, decimal.Decimal)):
        return str(o)
    if dataclasses.is_dataclass(o) and not isinstance(o, type):
        return dataclasses.asdict(o)
    html = getattr(o, "__html__", None)
    if html is not None:
        return str(html())
    raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")


class DefaultJSONProvider(JSONProvider):
    """JSON by Python's own library, which also writes these types:

    * ``datetime`` and ``date`` as HTTP dates (RFC 9110, section 5.6.7), naive ones as UTC;
    * ``Decimal`` and ``UUID`` as text;
    * dataclass instances as objects;
    * whatever has an ``__html__`` method (Markup) as the text it returns.

    The attributes below may be set on ``app.json`` at any time, or in a subclass.
    """

    #: Called for a value that JSON does not know; returns one that it does, or raises TypeError.
    default: Callable[[Any], Any] = staticmethod(_default)

    #: Write what is not ASCII as escapes.
    ensure_ascii: bool = True

    #: Sort the keys of objects. The keys must be of one type then.
    sort_keys: bool = True

    #: Whether :meth:`response` leaves out white space; None: unless the app is in debug mode.
    compact: bool | None = None

    #: The media type of :meth:`response`.
    mimetype: str = "application/json"

    #: Whether :meth:`loads` refuses NaN, infinities, bad UTF-8, and nesting beyond
    #: :attr:`max_depth`; None: as the application's policy says (``strict_json``).
    strict: bool | None = None

    #: How many arrays and objects may stand within each other; None: as many as Python reads.
    max_depth: int | None = 100

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        self._encoders: dict[Any, Callable[[object], str]] = {}
        self._last_encoder: tuple[Any, Callable[[object], str]] = (None, json.dumps)
        self._was_strict = app.policy.strict_json

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Encode ``obj`` to JSON text.

        :param kwargs: As for ``json.dumps``; :attr:`default`, :attr:`ensure_ascii` and
            :attr:`sort_keys` are the defaults of the arguments of that name.
        :raises TypeError: for a value that :attr:`default` does not know either.
        :raises ValueError: for a structure that contains itself.
        """
        separators = _SPACED
        if kwargs:
            given = kwargs.get("separators")
            if len(kwargs) > 1 or type(given) is not tuple:
                return json.dumps(obj, **(self._defaults() | kwargs))
            separators = given
        return self._encoder(separators)(obj)

    def _encoder(self, separators: tuple[str, str]) -> Callable[[object], str]:
        settings = (separators, self.default, self.ensure_ascii, self.sort_keys)
        # PERF: comparing with the last ones, mostly the same objects, costs half of looking them up.
        made_for, encode = self._last_encoder
        if made_for != settings:
            if settings not in self._encoders:
                self._encoders[settings] = make_encoder(
                    self.default, self.ensure_ascii, self.sort_keys, separators
                )
            encode = self._encoders[settings]
            self._last_encoder = settings, encode
        return encode

    def _defaults(self) -> dict[str, Any]:
        return {"default": self.default, "ensure_ascii": self.ensure_ascii, "sort_keys": self.sort_keys}

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Decode text, or bytes in UTF-8, within the limits of :attr:`strict`.

        :param kwargs: As for ``json.loads``.
        :raises ValueError: for what is not JSON, or beyond the limits.
        """
        strict = self.strict
        if strict is None:
            try:
                strict = self._app.policy.strict_json
            except ReferenceError:  # the application is gone, and left its provider behind
                strict = self._was_strict
        if strict:
            return decode(s, self.max_depth, **kwargs)
        return json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """A response with the arguments as JSON and a line end; see :meth:`JSONProvider.response`.

        White space is written as :attr:`compact` says, and the media type is :attr:`mimetype`.
        """
        body = self.body(self._prepare_response_obj(args, kwargs), self._app.debug)
        return self._app.response_class(body, mimetype=self.mimetype)

    def body(self, obj: object, debug: bool) -> bytes:
        """The body of a response with ``obj`` as JSON and a line end.

        :param debug: Whether the app is in debug mode.
        """
        compact = self.compact
        if compact is None:
            compact = not debug
        text = write_compact(self, obj) if compact else self.dumps(obj, indent=2)
        return f"{text}\n".encode()


#: Methods of ours that write and read as Python's json does; a subclass that overrides one is asked.
OWN_METHODS: set[Any] = {DefaultJSONProvider.dumps, DefaultJSONProvider.loads}


def write_compact(provider: JSONProvider, obj: object) -> str:
    """``provider.dumps(obj, separators=(",", ":"))``, by the shortest way there."""
    if isinstance(provider, DefaultJSONProvider) and type(provider).dumps in OWN_METHODS:
        return provider._encoder(_COMPACT)(obj)
    return provider.dumps(obj, separators=_COMPACT)


def write_flat(provider: JSONProvider, obj: dict[str, Any]) -> str:
    """:func:`write_compact` for a dictionary as :func:`encode_flat` takes it."""
    if (
        isinstance(provider, DefaultJSONProvider)
        and type(provider).dumps in OWN_METHODS
        and provider.ensure_ascii
        and provider.sort_keys
    ):
        text = encode_flat(obj)
        if text is not None:
            return text
    return write_compact(provider, obj)


def read_trusted(provider: JSONProvider, s: str) -> Any:
    """``provider.loads(s)`` for text that this application wrote, which needs no limits."""
    return decode_trusted(s) if type(provider).loads in OWN_METHODS else provider.loads(s)
