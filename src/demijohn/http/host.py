"""The Host a request was made to (RFC 9110, section 7.2): its grammar and whom to trust.

This module must not know of requests, proxies or settings: callers pass values in.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from werkzeug.exceptions import BadRequest, SecurityError

from demijohn.http.filled import Filled

# The underscore is not a host name's in DNS, but container networks use it and it is harmless.
_host = re.compile(
    r"([\w-]+(?:\.[\w-]+)*\.?|\[[A-Fa-f0-9]*:[A-Fa-f0-9.:]+\])(?::([1-9][0-9]{0,4}))?", re.ASCII
)
_LONGEST = 262  # 255 octets of name, a colon, five digits, one to spare
_CACHE_SIZE = 256
_DEFAULT_PORTS = {"http": "80", "ws": "80", "https": "443", "wss": "443"}

_validity: dict[str, bool] = {}


def is_valid_host(host: str) -> bool:
    """Whether ``host`` is ``name``, ``name:port``, ``[ipv6]`` or ``[ipv6]:port``, port 1 to 65535.

    Anything that could move the border between host, user, path and query is not: empty,
    ``u@a``, ``a/?x=``, ``a#``, ``a\\b``, ``a,b``, spaces and control characters, ``[::1``.
    """
    # PERF: a hit is 0.05 us, the match 0.5 us. Emptied when full, so senders cannot fill memory.
    try:
        return _validity[host]
    except KeyError:
        pass
    if len(host) > _LONGEST:
        return False
    valid = _split(host) is not None
    if len(_validity) >= _CACHE_SIZE:
        _validity.clear()
    _validity[host] = valid
    return valid


def _split(host: str) -> tuple[str, str | None] | None:
    """Name and port of ``host``, or None if it is malformed."""
    found = _host.fullmatch(host) if len(host) <= _LONGEST else None
    if found is None:
        return None
    name, port = found.groups()
    if port is not None and int(port) > 65535:
        return None
    return name.lower(), port


def host_is_trusted(
    hostname: str | None, trusted_list: Collection[str] | None = None, scheme: str | None = None
) -> bool:
    """Whether ``hostname`` is well-formed and, given a list, on it.

    Entries match literally and without case: no wildcards and no forgiven trailing dot. A
    leading dot (``.example.com``) takes in the domain and its subdomains. An entry with a port
    matches that port only; the default port may be left out of ``hostname``.

    :param hostname: The ``name`` or ``name:port`` to look up.
    :param trusted_list: The entries; a single one may be a string. Empty trusts all.
    :param scheme: Tells which port is the default one; by default 80 and 443 both are.
    """
    parts = _split(hostname) if hostname else None
    if parts is None:
        return False
    if not trusted_list:
        return True
    name, port = parts
    ports = (port,) if port is not None else _default_ports(scheme)
    for entry in [trusted_list] if isinstance(trusted_list, str) else trusted_list:
        entry_name, entry_port, with_subdomains = _parse_entry(entry)
        if entry_port is not None and entry_port not in ports:
            continue
        if name == entry_name or (with_subdomains and name.endswith(f".{entry_name}")):
            return True
    return False


def _default_ports(scheme: str | None) -> tuple[str, ...]:
    return ("80", "443") if scheme is None else (_DEFAULT_PORTS.get(scheme, ""),)


@lru_cache(maxsize=256)
def _parse_entry(entry: str) -> tuple[str, str | None, bool]:
    """Name (lower case, IDNA), port and whether subdomains count, of a list entry."""
    name, colon, port = entry.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        name, port = entry, ""
    with_subdomains = name.startswith(".")
    name = name[1:] if with_subdomains else name
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValueError(f"Trusted host {entry!r} is not a host name: {error}.") from error
    return name.lower(), port or None, with_subdomains


def get_host(
    scheme: str,
    host_header: str | None,
    server: tuple[str, int | None] | None = None,
    trusted_hosts: Collection[str] | None = None,
) -> str:
    """The host a request is for, ``name`` or ``name:port``, the scheme's own port left out.

    :param scheme: ``http``, ``https``, ``ws`` or ``wss``.
    :param host_header: The Host header, None when there was none; then ``server`` is used.
    :param server: The address the server answers on; a Unix socket (port None) gives no
        host, and the result is the empty string.
    :param trusted_hosts: As ``trusted_list`` of ``host_is_trusted``.
    :raises BadRequest: when the host is malformed.
    :raises SecurityError: when it is not on the list of trusted hosts (also a 400).
    """
    if host_header is not None:
        host = host_header
    elif server is not None and server[1] is not None:
        name = server[0]
        host = f"[{name}]:{server[1]}" if ":" in name and name[0] != "[" else f"{name}:{server[1]}"
    elif trusted_hosts:
        raise SecurityError("The request has no Host header, so it is for no trusted host.")
    else:
        return ""
    if not is_valid_host(host):
        raise BadRequest(Filled("The Host header %(host)s is malformed.", host=repr(host[:100])))
    default_port = _DEFAULT_PORTS.get(scheme)
    if default_port is not None:
        host = host.removesuffix(f":{default_port}")
    if trusted_hosts and not host_is_trusted(host, trusted_hosts, scheme):
        raise SecurityError(f"Host {host!r} is not trusted.")
    return host
