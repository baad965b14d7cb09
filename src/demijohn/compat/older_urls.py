"""``werkzeug.urls`` up to Werkzeug 2.2, over the standard library.

For applications that still import these names; new code takes :mod:`urllib.parse`. This module must
not know who brings the names back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import (
    parse_qsl, quote, quote_plus, unquote_plus, unquote_to_bytes, urlencode, urljoin, urlsplit, urlunsplit,
)  # fmt: skip

from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri, uri_to_iri

_ALWAYS_SAFE = "-._~$!'()*+,;"


class URL(NamedTuple):
    """A URL in its five parts, which knows what the network location is made of."""

    scheme: str
    netloc: str
    path: str
    query: str
    fragment: str

    @property
    def host(self) -> str | None:
        """The host without port, as written."""
        host = urlsplit(f"//{self.netloc}").hostname
        return host or None

    @property
    def ascii_host(self) -> str | None:
        """The host in the form that resolves: IDNA."""
        return self.host and self.host.encode("idna").decode()

    @property
    def port(self) -> int | None:
        """The port, when it is one."""
        try:
            return urlsplit(f"//{self.netloc}").port
        except ValueError:
            return None

    @property
    def auth(self) -> str | None:
        """What stands before the ``@``."""
        found, at, _ = self.netloc.rpartition("@")
        return found if at else None

    @property
    def username(self) -> str | None:
        """The decoded user name."""
        return None if self.auth is None else url_unquote(self.auth.partition(":")[0])

    @property
    def password(self) -> str | None:
        """The decoded password."""
        _, colon, found = (self.auth or "").partition(":")
        return url_unquote(found) if colon else None

    def replace(self, **parts: str) -> URL:
        """The URL with some parts exchanged."""
        return self._replace(**parts)

    def decode_query(self, *args: Any, **kwargs: Any) -> Any:
        """The fields of the query."""
        return url_decode(self.query, *args, **kwargs)

    def join(self, *args: Any, **kwargs: Any) -> URL:
        """Where a reference leads from here."""
        return url_parse(url_join(self, *args, **kwargs))

    def to_url(self) -> str:
        """The URL as text."""
        return url_unparse(self)

    def to_uri_tuple(self) -> URL:
        """The URL with what is not ASCII encoded."""
        return url_parse(iri_to_uri(self.to_url()))

    def to_iri_tuple(self) -> URL:
        """The URL with what can be shown decoded."""
        return url_parse(uri_to_iri(self.to_url()))

    def __str__(self) -> str:
        return self.to_url()


def _text(value: Any, charset: str = "utf-8", errors: str = "replace") -> str:
    return bytes(value).decode(charset, errors) if isinstance(value, (bytes, bytearray)) else str(value)


def url_parse(url: Any, scheme: str | None = None, allow_fragments: bool = True) -> URL:
    """The parts of a URL."""
    return URL(*urlsplit(_text(url), scheme or "", allow_fragments))


def url_unparse(components: Any) -> str:
    """The URL of five parts."""
    return urlunsplit([str(part) for part in components])


def url_join(base: Any, url: Any, allow_fragments: bool = True) -> str:
    """Where the reference ``url`` leads from ``base``."""
    start, target = (url_unparse(part) if isinstance(part, tuple) else _text(part) for part in (base, url))
    return urljoin(start, target, allow_fragments)


def url_quote(
    string: Any, charset: str = "utf-8", errors: str = "strict", safe: Any = "/:", unsafe: Any = ""
) -> str:
    """Text with what is not safe in a URL as ``%XX``."""
    data = bytes(string) if isinstance(string, (bytes, bytearray)) else str(string).encode(charset, errors)
    kept = "".join(char for char in _text(safe) + _ALWAYS_SAFE if char not in _text(unsafe))
    return quote(data, safe=kept)


def url_quote_plus(string: Any, charset: str = "utf-8", errors: str = "strict", safe: Any = "") -> str:
    """:func:`url_quote` with spaces as ``+``."""
    return quote_plus(str(string) if not isinstance(string, bytes) else string, _text(safe))


def url_unquote(s: Any, charset: str | None = "utf-8", errors: str = "replace", unsafe: Any = "") -> Any:
    """Text with each ``%XX`` decoded; bytes without a charset."""
    data = unquote_to_bytes(s)
    return data if charset is None else data.decode(charset, errors)


def url_unquote_plus(s: Any, charset: str | None = "utf-8", errors: str = "replace") -> Any:
    """:func:`url_unquote` with ``+`` as a space."""
    return unquote_plus(_text(s), charset or "utf-8", errors)


def url_fix(s: str, charset: str = "utf-8") -> str:
    """A URL that somebody typed, with what cannot stand in one encoded."""
    parts = url_parse(_text(s, charset).replace("\\", "/"))
    return urlunsplit(
        (
            parts.scheme,
            parts.netloc,
            url_quote(parts.path, charset, safe="/%+$!*'(),"),
            url_quote_plus(parts.query, charset, safe=":&%=+$!*'(),"),
            url_quote_plus(parts.fragment, charset, safe=":&%=+$!*'(),"),
        )
    )


def _pairs(obj: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(obj, MultiDict):
        pairs: Iterable[tuple[Any, Any]] = obj.items(multi=True)
    elif isinstance(obj, Mapping):
        pairs = (
            (name, value)
            for name, values in obj.items()
            for value in (values if isinstance(values, (list, tuple, set)) else [values])
        )
    else:
        pairs = obj or ()
    return ((name, value) for name, value in pairs if value is not None)


def url_encode(
    obj: Any, charset: str = "utf-8", sort: bool = False, key: Callable[[Any], Any] | None = None,
    separator: str = "&",
) -> str:  # fmt: skip
    """The fields of a mapping or of pairs as a query string; those that are None are left out."""
    pairs = list(_pairs(obj))
    if sort:
        pairs.sort(key=key)
    return urlencode(pairs, encoding=charset).replace("&", _text(separator))


def url_decode(
    s: Any, charset: str = "utf-8", include_empty: bool = True, errors: str = "replace",
    separator: Any = "&", cls: Any = None,
) -> Any:  # fmt: skip
    """The fields of a query string, as a :class:`~werkzeug.datastructures.MultiDict` by default."""
    fields = parse_qsl(_text(s), include_empty, encoding=charset, errors=errors, separator=_text(separator))
    return (cls or MultiDict)(fields)
