"""Names that Werkzeug and Jinja removed, by module; see :mod:`demijohn.compat.older`."""

from __future__ import annotations

import hashlib
import hmac
from html import unescape
from typing import Any

import jinja2
import markupsafe
from werkzeug import datastructures, security, utils, wrappers
from werkzeug.middleware.proxy_fix import ProxyFix as NewProxyFix

from demijohn.compat import older_app, older_urls
from demijohn.compat.wrappers import Request
from demijohn.contexts.context import current
from demijohn.wrappers.response import Response


def safe_str_cmp(a: Any, b: Any) -> bool:
    """Compare two texts in a time that does not tell where they differ."""
    first, second = (value.encode() if isinstance(value, str) else bytes(value) for value in (a, b))
    return hmac.compare_digest(first, second)


def pbkdf2_bin(
    data: Any, salt: Any, iterations: int = 260_000, keylen: int | None = None, hashfunc: Any = None
) -> bytes:  # fmt: skip
    """PBKDF2 (RFC 8018) as bytes."""
    secret, grain = (value.encode() if isinstance(value, str) else bytes(value) for value in (data, salt))
    name = (
        hashfunc if isinstance(hashfunc, str) else getattr(hashfunc or hashlib.sha256, "__name__", "sha256")
    )
    return hashlib.pbkdf2_hmac(name.removeprefix("openssl_"), secret, grain, iterations, keylen)


def pbkdf2_hex(*args: Any, **kwargs: Any) -> str:
    """PBKDF2 (RFC 8018) as hexadecimal text."""
    return pbkdf2_bin(*args, **kwargs).hex()


def parse_authorization_header(value: str | None) -> Any:
    """The Authorization header field, or None."""
    return datastructures.Authorization.from_header(value)


def parse_www_authenticate_header(value: str | None, on_update: Any = None) -> Any:
    """The WWW-Authenticate header field, or None."""
    return datastructures.WWWAuthenticate.from_header(value)


def get_path_info(environ: Any) -> str:
    """The decoded path of a WSGI environ."""
    return str(environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace"))


def pop_path_info(environ: Any) -> str | None:
    """Move the first segment of PATH_INFO to SCRIPT_NAME and return it."""
    path = environ.get("PATH_INFO") or ""
    if not path:
        return None
    stripped = path.lstrip("/")
    slashes = "/" * (len(path) - len(stripped))
    segment, slash, rest = stripped.partition("/")
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + slashes + segment
    environ["PATH_INFO"] = slash + rest
    return str(segment.encode("latin-1").decode(errors="replace"))


def peek_path_info(environ: Any) -> str | None:
    """The first segment of PATH_INFO."""
    segment = (environ.get("PATH_INFO") or "").lstrip("/").partition("/")[0]
    return str(segment.encode("latin-1").decode(errors="replace")) if segment else None


def invalidate_cached_property(obj: object, name: str) -> None:
    """Forget what a cached property has computed."""
    delattr(obj, name)


def take_bytes_for_cookies() -> None:
    """Let ``set_cookie`` take bytes, as before Werkzeug 3.

    COMPAT: Flask-Session up to 0.5 and Flask-KVSession sign their ids, and a signature is bytes.
    """
    strict = Response.set_cookie

    def set_cookie(self: Any, key: str, value: Any = "", *args: Any, **kwargs: Any) -> None:
        ctx = current.get(None)
        sent: Any = value
        if isinstance(value, bytes) and (ctx is None or isinstance(ctx.app, older_app.Flask)):
            sent = value.decode()  # not for other applications of the process
        strict(self, key, sent, *args, **kwargs)

    Response.set_cookie = set_cookie  # type: ignore[method-assign]


def read_cookies_as_utf_8() -> None:
    """Read a cookie's bytes as UTF-8, as before Werkzeug 2.3."""
    Request._cookies_are_latin_1 = False


class ProxyFix(NewProxyFix):
    """The class of ``werkzeug.contrib.fixers``: by default one proxy, of which all is believed."""

    def __init__(self, app: Any, num_proxies: int | None = None, **trusted: int) -> None:
        if num_proxies is not None:
            for name in ("x_for", "x_proto", "x_host", "x_port"):
                trusted.setdefault(name, num_proxies)
        super().__init__(app, **trusted)


_MIXINS = (
    "AcceptMixin AuthorizationMixin CommonRequestDescriptorsMixin CommonResponseDescriptorsMixin CORSRequestMixin"
    " CORSResponseMixin DynamicCharsetRequestMixin DynamicCharsetResponseMixin ETagRequestMixin"
    " ETagResponseMixin JSONMixin PlainRequest StreamOnlyMixin ResponseStreamMixin UserAgentMixin"
    " WWWAuthenticateMixin"
)

#: Module, name, object, and what to use now.
_Removed = dict[str, dict[str, tuple[Any, str]]]

_URLS: dict[str, str] = {
    "url_quote": "urllib.parse.quote", "url_quote_plus": "urllib.parse.quote_plus",
    "url_unquote": "urllib.parse.unquote", "url_unquote_plus": "urllib.parse.unquote_plus",
    "url_encode": "urllib.parse.urlencode", "url_decode": "urllib.parse.parse_qs",
    "url_parse": "urllib.parse.urlsplit", "url_unparse": "urllib.parse.urlunsplit",
    "url_join": "urllib.parse.urljoin", "url_fix": "werkzeug.urls.iri_to_uri",
    "URL": "urllib.parse.SplitResult",
}  # fmt: skip

_urls = {name: (getattr(older_urls, name), now) for name, now in _URLS.items()}
_urls["BaseURL"] = _urls["URL"]

REMOVED: _Removed = {
    "werkzeug": {
        "secure_filename": (utils.secure_filename, "werkzeug.utils.secure_filename"),
        "cached_property": (utils.cached_property, "werkzeug.utils.cached_property"),
        "import_string": (utils.import_string, "werkzeug.utils.import_string"),
        "FileStorage": (datastructures.FileStorage, "werkzeug.datastructures.FileStorage"),
        "MultiDict": (datastructures.MultiDict, "werkzeug.datastructures.MultiDict"),
        "ImmutableMultiDict": (
            datastructures.ImmutableMultiDict,
            "werkzeug.datastructures.ImmutableMultiDict",
        ),
        "ImmutableDict": (datastructures.ImmutableDict, "werkzeug.datastructures.ImmutableDict"),
        "Headers": (datastructures.Headers, "werkzeug.datastructures.Headers"),
        "BaseRequest": (wrappers.Request, "werkzeug.wrappers.Request"),
        "BaseResponse": (wrappers.Response, "werkzeug.wrappers.Response"),
        "generate_password_hash": (security.generate_password_hash, "werkzeug.security"),
        "check_password_hash": (security.check_password_hash, "werkzeug.security"),
        "escape": (markupsafe.escape, "markupsafe.escape"),
        **_urls,
    },
    "werkzeug.http": {
        "parse_authorization_header": (parse_authorization_header, "Authorization.from_header"),
        "parse_www_authenticate_header": (parse_www_authenticate_header, "WWWAuthenticate.from_header"),
    },
    "werkzeug.security": {
        "safe_str_cmp": (safe_str_cmp, "hmac.compare_digest"),
        "pbkdf2_bin": (pbkdf2_bin, "hashlib.pbkdf2_hmac"),
        "pbkdf2_hex": (pbkdf2_hex, "hashlib.pbkdf2_hmac"),
    },
    "werkzeug.urls": _urls,
    "werkzeug.utils": {
        "escape": (markupsafe.escape, "markupsafe.escape"),
        "unescape": (unescape, "html.unescape"),
        "invalidate_cached_property": (invalidate_cached_property, "del"),
    },
    "werkzeug.wrappers": {
        "BaseRequest": (wrappers.Request, "werkzeug.wrappers.Request"),
        "BaseResponse": (wrappers.Response, "werkzeug.wrappers.Response"),
        **{name: (type(name, (), {}), "the Request or Response class alone") for name in _MIXINS.split()},
    },
    "werkzeug.wsgi": {
        "get_path_info": (get_path_info, "request.path"),
        "peek_path_info": (peek_path_info, "request.path"),
        "pop_path_info": (pop_path_info, "wsgiref.util.shift_path_info"),
    },
    "jinja2": {
        "Markup": (markupsafe.Markup, "markupsafe.Markup"),
        "escape": (markupsafe.escape, "markupsafe.escape"),
        **{
            old + kind: (getattr(jinja2, new), f"jinja2.{new}")
            for kind in ("filter", "function")
            for old, new in {
                "context": "pass_context",
                "evalcontext": "pass_eval_context",
                "environment": "pass_environment",
            }.items()
        },
    },
}
REMOVED["jinja2.utils"] = REMOVED["jinja2"]
REMOVED["jinja2.filters"] = REMOVED["jinja2"]
