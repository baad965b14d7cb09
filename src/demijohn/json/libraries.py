"""JSON by faster libraries, for applications that choose speed over Flask's wire format::

    class App(Flask):
        json_provider_class = MsgspecJSONProvider

What differs from the default provider: dates and datetimes are written in ISO 8601 (RFC 3339), bytes
in Base64 (msgspec), NaN and infinities as null, and text is not escaped to ASCII. What the library
cannot write is written as by the default provider, and so is whatever is asked for with arguments
of ``json.dumps``: session cookies stay as they are. This module must not know applications.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from demijohn.json.decoder import check_depth, too_deep
from demijohn.later import needs
from demijohn.json.provider import OWN_METHODS, DefaultJSONProvider, Application

__all__ = ["MsgspecJSONProvider", "OrjsonJSONProvider"]

_decode = msgspec.json.decode


class MsgspecJSONProvider(DefaultJSONProvider):
    """Reads and writes with msgspec: about a third of the default's cost.

    It also writes ``msgspec.Struct``, sets, enums and whatever else msgspec knows.
    """

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        self._byte_encoders: dict[tuple[Callable[[Any], Any], bool], Callable[[object], bytes]] = {}

    def _make_encoder(self) -> Callable[[object], bytes]:
        order: Literal["sorted"] | None = "sorted" if self.sort_keys else None
        return msgspec.json.Encoder(enc_hook=self.default, order=order).encode

    def _encode(self, obj: object) -> bytes | None:
        """``obj`` as compact JSON, or None when this is for the default provider."""
        settings = (self.default, self.sort_keys)
        encode = self._byte_encoders.get(settings)
        if encode is None:
            encode = self._byte_encoders[settings] = self._make_encoder()
        try:
            written = encode(obj)
        except (TypeError, ValueError, OverflowError, RecursionError):
            return None  # keys that are no text, lone surrogates, circles ...: Python's json knows
        return written

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Encode ``obj`` to compact JSON text; with arguments, as ``json.dumps`` does."""
        written = None if kwargs else self._encode(obj)
        return super().dumps(obj, **kwargs) if written is None else written.decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Decode text, or bytes in UTF-8, within :attr:`max_depth`; with arguments, as ``json.loads``.

        :raises ValueError: for what is not JSON, or beyond the limits.
        """
        if kwargs:
            return super().loads(s, **kwargs)
        limit = self.max_depth
        try:
            value = _decode(s)
        except RecursionError:
            raise too_deep(limit) from None
        if limit is not None:
            check_depth(value, s, limit)
        return value

    def body(self, obj: object, debug: bool) -> bytes:
        """The body of a response with ``obj`` as JSON and a line end."""
        if self.compact or (self.compact is None and not debug):
            written = self._encode(obj)
            if written is not None:
                return written + b"\n"
        return super().body(obj, debug)


OWN_METHODS.update((MsgspecJSONProvider.dumps, MsgspecJSONProvider.loads))


class OrjsonJSONProvider(MsgspecJSONProvider):
    """Writes with orjson, which has to be installed, and reads with msgspec.

    (orjson would read integers above 64 bits as floats.)
    """

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        with needs("orjson"):
            # Imported by who chooses this provider: it is no dependency of this package.
            import orjson

        self._dumps = orjson.dumps
        self._options = orjson.OPT_NON_STR_KEYS, orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS

    def _make_encoder(self) -> Callable[[object], bytes]:
        dumps, default, option = self._dumps, self.default, self._options[bool(self.sort_keys)]

        def encode(obj: object) -> bytes:
            return dumps(obj, default, option)

        return encode
