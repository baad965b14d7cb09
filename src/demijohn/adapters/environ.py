"""The environ of a request that did not come by WSGI: its keys are computed when asked for.

PERF: building the dictionary costs 4 us per request; a hello world asks for three of its keys.
This module must not know the pipeline.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from demijohn.context import RequestContext
from demijohn.http.headers import ScopeHeaders

_MISSING: Any = object()


def as_latin1(text: str) -> str:
    """Text the way WSGI wants it: its UTF-8 bytes as latin-1 (PEP 3333)."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


class LazyEnviron(dict[str, Any]):
    """A WSGI environ over something else; reading it all makes it a complete dictionary."""

    def _headers(self) -> Iterator[tuple[str, str]]:
        """The header fields: names in lower case, values as latin-1 text."""
        raise NotImplementedError

    def _header(self, name: str) -> str | None:
        """One field's values joined, or None."""
        raise NotImplementedError

    def _fixed(self) -> dict[str, Any]:
        """All keys but the header fields."""
        raise NotImplementedError

    def make_headers(self) -> Any:
        """The header fields, for ``request.headers``."""
        raise NotImplementedError

    def __missing__(self, key: str) -> Any:
        value: Any
        if key[:5] == "HTTP_":
            value = self._header(key[5:].replace("_", "-").lower())
        elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            value = self._header(key.replace("_", "-").lower())
        else:
            value = self._fixed().get(key)
        if value is None:
            raise KeyError(key)
        self[key] = value
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, computed if need be."""
        # PERF: no exception for the fields that most requests lack.
        value = dict.get(self, key, _MISSING)
        if value is not _MISSING:
            return value
        if key[:5] == "HTTP_" or key == "CONTENT_TYPE" or key == "CONTENT_LENGTH":
            name = key[5:] if key[:5] == "HTTP_" else key
            value = self._header(name.replace("_", "-").lower())
            return default if value is None else value
        try:
            return self[key]
        except KeyError:
            return default

    def fill(self) -> None:
        """Compute every key that is not there yet."""
        if dict.get(self, "demijohn.filled"):
            return
        dict.__setitem__(self, "demijohn.filled", True)
        for name, value in self._fixed().items():
            dict.setdefault(self, name, value)
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


def _common(interface: str) -> dict[str, Any]:
    return {
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "demijohn.interface": interface,
    }


class ScopeContext(RequestContext):
    """A request's context over a server's scope: its environ too is made when first asked for.

    PERF: a view that looks at nothing of its request costs neither (2 us).

    :param app: The application; its request class does nothing when it is made.
    :param scope: The scope, as the server passed it.
    """

    def __init__(self, app: Any, scope: Any) -> None:
        # All that the other constructor sets, without a second call.
        self.app = app
        self._environ = None
        self._request = None
        self.received = scope
        self.view_args = None
        self.routing_exception = None
        self._session = None
        self._after_request_functions = None
        self.error = None
        self.holds = 0

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

    def _fixed(self) -> dict[str, Any]:
        scope = self.scope
        server = scope.get("server") or ("localhost", None)
        client = scope.get("client") or (None, None)
        fixed = _common("asgi")
        fixed.update(
            {
                "SCRIPT_NAME": as_latin1(scope.get("root_path", "")),
                "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
                "SERVER_NAME": server[0],
                "SERVER_PORT": str(server[1]) if server[1] else "80",
                "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
                "REQUEST_URI": _request_uri(scope),
                "RAW_URI": _request_uri(scope),
                "wsgi.url_scheme": _HTTP_SCHEMES.get(scope.get("scheme", "http"), "http"),
                "asgi.scope": scope,
            }
        )
        if client[0] is not None:
            fixed["REMOTE_ADDR"] = client[0]
            fixed["REMOTE_PORT"] = str(client[1])
        return fixed


#: A WebSocket's environ has the scheme of the HTTP request that opened it.
_HTTP_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def _request_uri(scope: Any) -> str:
    raw = scope.get("raw_path")
    path = as_latin1(scope["path"]) if raw is None else raw.decode("latin-1")
    query = scope.get("query_string", b"")
    return f"{path}?{query.decode('latin-1')}" if query else path
