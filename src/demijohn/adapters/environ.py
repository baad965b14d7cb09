"""The environ of a request that did not come by WSGI: its keys are computed when asked for.

PERF: building the dictionary costs 4 us per request; a hello world asks for three of its keys.
This module must not know the pipeline.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from demijohn.contexts.bare import BareContext
from demijohn.contexts.request_ids import KEY
from demijohn.dispatch.observation import SEEN
from demijohn.http.headers import ScopeHeaders

#: The keys of environs and scopes with the prefix of the server's own, before that of any mounted application, and
#: with the word that trusted proxies were listened to.
ROOT_PATH, FORWARDED = "demijohn.root_path", "demijohn.forwarded"

#: The key of a scope with the path below ``root_path``, as a mounted application is given it.
INNER_PATH = "demijohn.path"

_MISSING: Any = object()


def as_latin1(text: str) -> str:
    """Text the way WSGI wants it: its UTF-8 bytes as latin-1 (PEP 3333)."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


@lru_cache(maxsize=256)
def _field_of(key: str) -> str | None:
    """The header field that a key stands for, in lower case; None for other keys."""
    if key[:5] == "HTTP_":
        return key[5:].replace("_", "-").lower()
    return key.replace("_", "-").lower() if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else None


def protocol_of(version: str) -> str:
    """``SERVER_PROTOCOL`` of a version, which Granian writes as ``1`` where others have ``1.0``."""
    return "HTTP/1.0" if version == "1" else f"HTTP/{version}"


class LazyEnviron(dict[str, Any]):
    """A WSGI environ over something else; reading it all makes it a complete dictionary."""

    #: What the keys are computed with that are not header fields, each from the scope; None is no value.
    makers: Mapping[str, Callable[[Any], Any]] = {}
    scope: Any

    def _headers(self) -> Iterator[tuple[str, str]]:
        """The header fields: names in lower case, values as latin-1 text."""
        raise NotImplementedError

    def _header(self, name: str) -> str | None:
        """One field's values joined, or None."""
        raise NotImplementedError

    def make_headers(self) -> Any:
        """The header fields, for ``request.headers``."""
        raise NotImplementedError

    def _compute(self, key: str) -> Any:
        """The value of ``key``, which is kept, or None."""
        field = _field_of(key)
        if field is not None:
            value: Any = self._header(field)
        else:
            make = self.makers.get(key)
            value = None if make is None else make(self.scope)
        if value is not None:
            self[key] = value
        return value

    def __missing__(self, key: str) -> Any:
        value = self._compute(key)
        if value is None:
            raise KeyError(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, computed if need be."""
        # PERF: no exception for the fields that most requests lack.
        value = dict.get(self, key, _MISSING)
        if value is not _MISSING:
            return value
        value = self._compute(key)
        return default if value is None else value

    def give_up_scope(self) -> None:
        """Compute every key; the header fields too are read from here from now on, and may be changed."""
        self.fill()
        self.make_headers = None  # type: ignore[assignment,method-assign]

    def fill(self) -> None:
        """Compute every key that is not there yet."""
        if dict.get(self, "demijohn.filled"):
            return
        dict.__setitem__(self, "demijohn.filled", True)
        for name, make in self.makers.items():
            if not dict.__contains__(self, name):
                value = make(self.scope)
                if value is not None:
                    self[name] = value
        joined: dict[str, str] = {}
        for name, value in self._headers():
            if "_" in name:
                continue  # would pass for another field (X_Forwarded_For for X-Forwarded-For)
            upper = name.upper().replace("-", "_")
            key = upper if upper in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{upper}"
            if key in joined:
                joined[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
            else:
                joined[key] = value
        for name, value in joined.items():
            dict.setdefault(self, name, value)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or (
            isinstance(key, str) and self.get(key, _MISSING) is not _MISSING
        )

    def __iter__(self) -> Iterator[str]:
        self.fill()
        return dict.__iter__(self)

    def __len__(self) -> int:
        self.fill()
        return dict.__len__(self)

    def keys(self) -> Any:
        """All keys."""
        self.fill()
        return dict.keys(self)

    def values(self) -> Any:
        """All values."""
        self.fill()
        return dict.values(self)

    def items(self) -> Any:
        """All pairs."""
        self.fill()
        return dict.items(self)

    def copy(self) -> dict[str, Any]:
        """A plain dictionary of everything."""
        self.fill()
        return dict(dict.items(self))


def constant(value: Any) -> Callable[[Any], Any]:
    """What computes a key that is the same for every request."""
    return lambda scope: value


def common_makers(interface: str) -> dict[str, Callable[[Any], Any]]:
    """What computes the keys that say nothing of the request.

    :param interface: ``asgi`` or ``rsgi``.
    """
    return {
        "wsgi.version": constant((1, 0)),
        "wsgi.errors": lambda scope: sys.stderr,
        "wsgi.multithread": constant(True),
        "wsgi.multiprocess": constant(True),
        "wsgi.run_once": constant(False),
        "wsgi.input_terminated": constant(True),
        "demijohn.interface": constant(interface),
    }


class ScopeContext(BareContext):
    """A request's context over a server's scope: its environ too is made when first asked for.

    PERF: a view that looks at nothing of its request costs neither (2 us).
    """

    _environ: LazyEnviron | None

    @property
    def environ(self) -> Any:
        """The WSGI environ, made now if this is the first time it is asked for."""
        environ = self._environ
        if environ is None:
            environ = self._environ = self.make_environ()
        return environ

    def make_environ(self) -> LazyEnviron:
        """The environ of ``received``."""
        raise NotImplementedError


class ScopeEnviron(LazyEnviron):
    """The environ of an ASGI HTTP or WebSocket scope.

    :param scope: The connection scope.
    """

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        headers = scope["headers"]
        # PERF: one dictionary (0.4 us) in place of a loop over the fields per look-up; a field that
        # came twice shows in the lengths.
        fields = dict(headers)
        #: The header fields by name, or None when one came more than once.
        self.fields: dict[bytes, bytes] | None = fields if len(fields) == len(headers) else None
        host = self._header("host")
        if host is not None:
            self["HTTP_HOST"] = host
        self["REQUEST_METHOD"] = scope.get("method", "GET")
        path = scope["path"]
        if not path.isascii():
            raw = scope.get("raw_path")
            # What the client sent, so that bytes that are not UTF-8 fare as they do under WSGI.
            path = as_latin1(path) if raw is None else unquote_to_bytes(raw).decode("latin-1")
        root = scope.get("root_path", "")
        if root:
            root = as_latin1(root)
            if path == root or path.startswith(f"{root}/"):
                path = path[len(root) :]
        self["PATH_INFO"] = path
        extra = scope.get("demijohn.environ")  # set by the test client only: a scope is the server's
        if extra is not None:
            self.update(extra)

    def _headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self.scope["headers"]:
            yield name.decode("latin-1").lower(), value.decode("latin-1")

    def _header(self, name: str) -> str | None:
        wanted = name.encode("latin-1")
        if self.fields is not None:
            found = self.fields.get(wanted)
            return None if found is None else found.decode("latin-1")
        found = None
        for field, value in self.scope["headers"]:
            if field == wanted:
                if found is None:
                    found = value
                else:
                    found = found + (b"; " if name == "cookie" else b",") + value
        return None if found is None else found.decode("latin-1")

    def make_headers(self) -> Any:
        """A view of the scope's own list."""
        return ScopeHeaders(self.scope["headers"])


#: A WebSocket's environ has the scheme of the HTTP request that opened it.
_HTTP_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def _request_uri(scope: Any) -> str:
    raw = scope.get("raw_path")
    path = as_latin1(scope["path"]) if raw is None else raw.decode("latin-1")
    query = query_string_of(scope)
    return f"{path}?{query}" if query else path


def query_string_of(scope: Any) -> str:
    """The query string of an ASGI scope, as an environ has it."""
    query: bytes = scope.get("query_string", b"")
    return query.decode("latin-1")


def _server(scope: Any) -> Any:
    return scope.get("server") or ("localhost", None)


def _client(scope: Any) -> Any:
    return scope.get("client") or (None, None)


ScopeEnviron.makers = {
    **common_makers("asgi"),
    "SCRIPT_NAME": lambda scope: as_latin1(scope.get("root_path", "")),
    "QUERY_STRING": query_string_of,
    "SERVER_NAME": lambda scope: _server(scope)[0],
    "SERVER_PORT": lambda scope: str(_server(scope)[1] or 80),
    "SERVER_PROTOCOL": lambda scope: protocol_of(scope.get("http_version", "1.1")),
    "REQUEST_URI": _request_uri,
    "RAW_URI": _request_uri,
    "REMOTE_ADDR": lambda scope: _client(scope)[0],
    "REMOTE_PORT": lambda scope: None if _client(scope)[0] is None else str(_client(scope)[1]),
    "wsgi.url_scheme": lambda scope: _HTTP_SCHEMES.get(scope.get("scheme", "http"), "http"),
    "asgi.scope": lambda scope: scope,
    KEY: lambda scope: scope.get(KEY),
    SEEN: lambda scope: scope.get(SEEN),
    # What an application says that this one is mounted in; None where it is not.
    ROOT_PATH: lambda scope: scope.get(ROOT_PATH),
    FORWARDED: lambda scope: scope.get(FORWARDED),
}
