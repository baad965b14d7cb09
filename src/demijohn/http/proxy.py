"""What trusted proxies say about the client: X-Forwarded-* and Forwarded (RFC 7239).

    settings = TrustedProxies(x_for=1, x_proto=1)
    origin = forwarded_origin("10.0.0.2", headers, settings)
    origin.client, origin.scheme      # None where nothing trusted was said

Nothing is believed unless configured. Each proxy appends, so with N trusted hops the value
that counts is the Nth from the right; what stands left of it the client may have made up.
This module must not know of requests: it returns values and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from werkzeug.datastructures import EnvironHeaders, Headers

_pair = re.compile(
    r"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\",;]*))[ \t]*(?:;|\Z)"
)
_prefix = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,=:@%-]+)+/?")
_SCHEMES = frozenset(("http", "https", "ws", "wss"))


def _parse_networks(peers: Iterable[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(peer, strict=False) for peer in peers)


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """How many proxies in a row set each header; 0 ignores the header. All are 0 by default.

    :param x_for: Of X-Forwarded-For, the client's address.
    :param x_proto: Of X-Forwarded-Proto, the scheme.
    :param x_host: Of X-Forwarded-Host.
    :param x_port: Of X-Forwarded-Port.
    :param x_prefix: Of X-Forwarded-Prefix, the path the application is mounted under.
    :param forwarded: Of Forwarded, which carries address, scheme and host. Where set, the
        X-Forwarded headers for these are not looked at.
    :param peers: Addresses or networks (``10.0.0.0/8``) that proxies connect from. Empty means
        any peer, which is right only where nobody else can connect.
    :raises ValueError: when a count is negative or an entry of ``peers`` is not an address.
    """

    x_for: int = 0
    x_proto: int = 0
    x_host: int = 0
    x_port: int = 0
    x_prefix: int = 0
    forwarded: int = 0
    peers: tuple[str, ...] = ()
    _networks: tuple[IPv4Network | IPv6Network, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counts = (self.x_for, self.x_proto, self.x_host, self.x_port, self.x_prefix, self.forwarded)
        if min(counts) < 0:
            raise ValueError(f"Numbers of trusted proxies must not be negative: {self}.")
        object.__setattr__(self, "_networks", _parse_networks(self.peers))

    def trusts(self, peer: str | None) -> bool:
        """Whether ``peer``, the address at the other end, is one of the proxies."""
        if not self._networks:
            return True
        if peer is None:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._networks)


@dataclass(frozen=True, slots=True)
class ForwardedOrigin:
    """What the trusted proxies said; None where they said nothing usable.

    :param client: The client's IP address, without port.
    :param scheme: ``http``, ``https``, ``ws`` or ``wss``.
    :param host: As sent; to be validated as a Host header is.
    :param port: 1 to 65535.
    :param prefix: Starts with one slash, ends with none.
    """

    client: str | None = None
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    prefix: str | None = None


NOTHING_FORWARDED = ForwardedOrigin()


def forwarded_origin(peer: str | None, headers: Headers, settings: TrustedProxies) -> ForwardedOrigin:
    """What trusted proxies say about the request.

    :param peer: Address of the other end of the connection; None for a Unix socket.
    :param headers: The request's headers. Only names with dashes are read: ``X_Forwarded_For``
        is another header.
    :param settings: Whom to believe, and how far.
    """
    if not settings.trusts(peer):
        return NOTHING_FORWARDED
    client = scheme = host = None
    if settings.forwarded:
        said = _nth_forwarded(_value(headers, "Forwarded"), settings.forwarded)
        client, scheme, host = said.get("for"), said.get("proto"), said.get("host")
    else:
        client = _nth(_value(headers, "X-Forwarded-For"), settings.x_for)
        scheme = _nth(_value(headers, "X-Forwarded-Proto"), settings.x_proto)
        host = _nth(_value(headers, "X-Forwarded-Host"), settings.x_host)
    return ForwardedOrigin(
        client=_address(client),
        scheme=scheme.lower() if scheme is not None and scheme.lower() in _SCHEMES else None,
        host=host or None,
        port=_port(_nth(_value(headers, "X-Forwarded-Port"), settings.x_port)),
        prefix=_clean_prefix(_nth(_value(headers, "X-Forwarded-Prefix"), settings.x_prefix)),
    )


def _value(headers: Headers, name: str) -> str:
    # A header sent in several lines is one list (RFC 9110, section 5.3); where lines are kept
    # apart, get() gives the first only.
    if isinstance(headers, EnvironHeaders):
        return headers.get(name, "")
    return ",".join(headers.getlist(name))


def _nth(value: str, hops: int) -> str | None:
    """The ``hops``-th entry from the right, None if there are fewer."""
    if not value or not hops:
        return None
    entries = value.rsplit(",", hops)
    return entries[-hops].strip(" \t") if len(entries) >= hops else None


def _nth_forwarded(value: str, hops: int) -> dict[str, str]:
    """The pairs of the *hops*th element from the right; none if that is malformed.

    Cut at commas from the right before anything is parsed: what a client put to the left,
    such as a quote it never closes, cannot swallow what a proxy appended.
    """
    element = _nth(value, hops) or ""
    pairs: dict[str, str] = {}
    position = 0
    while position < len(element):
        found = _pair.match(element, position)
        if found is None:
            return {}
        name, quoted, token = found.groups()
        pairs.setdefault(name.lower(), token if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        position = found.end()
    return pairs


def _address(text: str | None) -> str | None:
    """The IP address in ``text``, which may have a port; None for ``unknown`` and the like."""
    if not text or len(text) > 60:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _port(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return int(text) if 1 <= int(text) <= 65535 else None


def _clean_prefix(text: str | None) -> str | None:
    return text.rstrip("/") if text and len(text) <= 2000 and _prefix.fullmatch(text) else None
