"""Reading the Cookie header and writing Set-Cookie (RFC 6265).

Reading is lenient and linear, and gives what Werkzeug gives for well-formed input; writing is
strict. This module must not know of sessions or requests.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from time import time
from urllib.parse import quote

from demijohn.http.dates import http_date
from demijohn.http.fields import Fields, collect

_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
# One cookie; tried only where the header holds a quote. Each alternative starts with a
# different character, so a failure is found in one pass.
_quoting_cookie = re.compile(
    r'[ \t]*(?P<name>[^ \t=";]+)'
    r'(?:[ \t]*=[ \t]*(?P<value>"(?:[^"\\]|\\.)*"|[^ \t";]*))?'
    r"[ \t]*(?:;|\Z)"
)
_escape = re.compile(rb"\\(?:([0-3][0-7][0-7])|(.))")


def parse_cookie(header: str | None, dropped: re.Pattern[str] = _control) -> Fields[str]:
    """The cookies of a Cookie header in the order sent.

    Dropped: cookies without a name, with a space or quote out of place, or with a control
    character in the name or the value as sent. Escaped octets in a quoted value
    (``"a\\012"``), which ``dump_cookie`` writes, are decoded.

    :param header: The header's value, decoded as Latin-1 as servers do; UTF-8 within it is
        decoded, with invalid bytes replaced.
    :param dropped: What drops a cookie that has it.
    """
    return collect(_iter_cookies(_as_text(header), dropped) if header else ())


def get_cookie(header: str | None, name: str) -> str | None:
    """What ``parse_cookie(header).get(name)`` would, without parsing the other cookies.

    :param header: As for ``parse_cookie``.
    :param name: The cookie's name.
    """
    if not header or not name:
        return None
    # PERF: the first cookie of that name, when nothing about it is out of the ordinary: 0.5 us less.
    at = header.find(name)
    if at == 0 or (at > 0 and header[at - 2 : at] == "; "):
        rest = header[at + len(name) :].partition(";")[0]
        if (
            rest[:1] == "="
            and name.isascii()
            and not (" " in name or "=" in name)
            and rest.isascii()
            and rest.isprintable()
            and " " not in rest
            and '"' not in header
        ):
            return rest[1:]
    text = _as_text(header)
    at = text.find(name)
    if at < 0:
        return None
    if '"' in text:
        for other, value in _iter_cookies(text):
            if other == name:
                return value
        return None
    # A segment can hold the name as its key once only, so each is looked at once: linear.
    start = 0
    while at >= 0:
        start = max(start, text.rfind(";", start, at) + 1)
        end = text.find(";", at)
        if end < 0:
            end = len(text)
        cookie = _split_plain(text[start:end])
        if cookie is not None and cookie[0] == name:
            return cookie[1]
        start = end + 1
        at = text.find(name, start)
    return None


def _as_text(header: str) -> str:
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:  # already decoded
        return header


def _iter_cookies(text: str, dropped: re.Pattern[str] = _control) -> Iterator[tuple[str, str]]:
    if '"' in text:
        yield from _iter_quoting(text, dropped)
        return
    for segment in text.split(";"):
        cookie = _split_plain(segment, dropped)
        if cookie is not None:
            yield cookie


def _split_plain(segment: str, dropped: re.Pattern[str] = _control) -> tuple[str, str] | None:
    """Split ``name=value`` without quotes; None where it is to be dropped."""
    segment = segment.strip(" \t")
    name, _, value = segment.partition("=")
    if " " in segment or "\t" in segment:
        # PERF: looked into only where it is needed; it may stand around the equals sign.
        name = name.rstrip(" \t")
        value = value.lstrip(" \t")
        if " " in name or " " in value or "\t" in name or "\t" in value:
            return None
    if not name:
        return None
    if not segment.isprintable() and dropped.search(segment):
        return None
    return name, value


def _iter_quoting(text: str, dropped: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = _quoting_cookie.match(text, position)
        if found is None:
            position = text.find(";", position) + 1
            if position == 0:
                return
            continue
        position = found.end()
        if dropped.search(found.group()):
            continue
        name, value = found.group("name", "value")
        if value is None:
            value = ""
        elif value.startswith('"'):
            value = _escape.sub(_unescape, value[1:-1].encode()).decode("utf-8", "replace")
        yield name, value


def _unescape(found: re.Match[bytes]) -> bytes:
    octal, plain = found.groups()
    return bytes((int(octal, 8),)) if octal is not None else plain


_plain_value = re.compile(r"[0-9A-Za-z_!#$%&'()*+\-./:<=>?@\[\]^`{|}~]*")
_value_unsafe = re.compile(rb'[\x00-\x1f",;\\\x7f-\xff]')
_name_unsafe = re.compile(r'[\x00-\x20\x7f",;=\\]')
_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_attribute_unsafe = re.compile(r"[\x00-\x1f\x7f;]")


def dump_cookie(
    key: str, value: str = "", max_age: timedelta | int | None = None,
    expires: str | date | datetime | float | None = None, path: str | None = "/",
    domain: str | None = None, secure: bool = False, httponly: bool = False,
    sync_expires: bool = True, max_size: int = 4093, samesite: str | None = None,
    partitioned: bool = False, any_name: bool = False,
) -> str:  # fmt: skip
    """The value of a Set-Cookie header.

    The parameters and the result are those of Werkzeug's ``dump_cookie``, which see; what
    would break out of its place is refused.

    :param max_age: Seconds, or a timedelta; also sets ``expires`` unless ``sync_expires`` is false.
    :param expires: A date, seconds since the epoch, or text sent as it is.
    :param max_size: Bytes; a larger cookie gives a warning. 0 for none.
    :param any_name: Take whatever stays in its place for a name, as Werkzeug does.
    :raises ValueError: when ``key`` is no token (RFC 6265, section 4.1.1); with ``any_name``, is empty or holds a
        control character, space, quote or one of ``,;=\\``; ``domain``, ``path``, ``expires`` or
        ``max_age`` holds a control character or ``;``; ``samesite`` is not Strict, Lax or None.
    """
    if not _token.fullmatch(key) and not (any_name and key and not _name_unsafe.search(key)):
        raise ValueError(
            f"Cookie name {key!r} is not valid: it must be ASCII letters, digits and !#$%&'*+-.^_`|~ (RFC 6265)."
        )
    if expires is not None:
        if isinstance(expires, str):
            _check_attribute(key, "expires", expires)
        else:
            expires = http_date(expires)
    if max_age is not None:
        if isinstance(max_age, timedelta):
            max_age = int(max_age.total_seconds())
        elif not isinstance(max_age, int):
            _check_attribute(key, "max_age", str(max_age))
        if expires is None and sync_expires:
            expires = http_date(time() + max_age)
    if not _plain_value.fullmatch(value):
        escaped = _value_unsafe.sub(_escape_byte, value.encode()).decode("ascii")
        value = f'"{escaped}"'
    wire_name = key if key.isascii() else key.encode().decode("latin-1")
    line = (
        f"{wire_name}={value}"
        f"{'' if domain is None else _domain_attribute(key, domain)}"
        f"{'' if expires is None else f'; Expires={expires}'}"
        f"{'' if max_age is None else f'; Max-Age={max_age}'}"
        f"{_trailing_attributes(key, secure or partitioned, httponly, path, samesite, partitioned)}"
    )
    if max_size and len(line) > max_size:
        warnings.warn(
            f"The {key!r} cookie is too large: {len(line)} bytes, of which {len(value)} are the value,"
            f" where browsers may drop more than {max_size} without a word.",
            stacklevel=2,
        )
    return line


def _escape_byte(found: re.Match[bytes]) -> bytes:
    byte = found.group()
    return b"\\" + byte if byte in b'"\\' else b"\\%03o" % byte[0]


def _check_attribute(key: str, attribute: str, text: str) -> None:
    if _attribute_unsafe.search(text):
        raise ValueError(
            f"The {attribute} of cookie {key!r} is {text!r}: it must not contain ';' or control characters."
        )


# PERF: an application writes few different sets of attributes; a hit saves 4 us of quoting.
@lru_cache(maxsize=64)
def _domain_attribute(key: str, domain: str) -> str:
    if not domain:
        return "; Domain="  # COMPAT: as Werkzeug sends it
    _check_attribute(key, "domain", domain)
    if re.search(r"[ \t,]", domain):
        raise ValueError(f"The domain of cookie {key!r} is {domain!r}: a domain has no spaces or commas.")
    return "; Domain=" + domain.partition(":")[0].lstrip(".").encode("idna").decode("ascii")


@lru_cache(maxsize=64)
def _trailing_attributes(
    key: str, secure: bool, httponly: bool, path: str | None, samesite: str | None, partitioned: bool
) -> str:
    attributes = ""
    if secure:
        attributes += "; Secure"
    if httponly:
        attributes += "; HttpOnly"
    if path is not None:
        _check_attribute(key, "path", path)
        # The URL standard's path characters, and "%" for what is quoted already.
        attributes += "; Path=" + quote(path, safe="%!$&'()*+,/:=@")
    if samesite is not None:
        samesite = samesite.title()
        if samesite not in ("Strict", "Lax", "None"):
            raise ValueError(f"SameSite must be 'Strict', 'Lax', or 'None', not {samesite!r}.")
        attributes += f"; SameSite={samesite}"
    return attributes + "; Partitioned" if partitioned else attributes
