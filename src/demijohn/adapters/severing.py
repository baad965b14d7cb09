"""Cutting a client's connection from within the application, where a server has no way to say so.

A stream that breaks must not look whole. RSGI cannot tell its server that one did, and to a client of HTTP/1.0 the
plain end of the connection is the end of the body. So the connection is looked for among the descriptors of this
process, by its two addresses. This module must not know a protocol.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from ipaddress import ip_address
from typing import Any

#: Before a stream that broke is cut, for the server to write the parts that it has; seconds.
WRITING_TIME = 0.05

#: Versions in which the end of the connection is the end of a body, as servers write them.
ENDED_BY_CLOSING = ("1.0", "1")

#: Host and port, the port as a number or as its digits; None where a server does not know.
Address = tuple[str, Any] | None

#: Where the system lists the descriptors of this process; Windows has no such place.
_DESCRIPTORS = "/dev/fd"

#: A socket's last close discards what was not sent, and resets the connection.
_NO_LINGER = struct.pack("ii", 1, 0)


def sever(client: Address, server: Address, reset: bool = False) -> None:
    """Cut the connection of ``client`` to ``server``, if this process has one.

    What is in the system's buffers is still sent, unless it is reset.

    :param reset: Let the client see an error, where it takes the end of the connection for the end of the body.
    """
    ends = _known(client), _known(server)
    if ends[0] is None or ends[1] is None:
        return
    for descriptor in _descriptors():
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            # A descriptor of our own, so that nobody closes it meanwhile; the socket is the same.
            with socket.socket(fileno=os.dup(descriptor)) as sock:
                if _is_between(sock, ends[0], ends[1]):
                    if reset:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                    # A reset is the server's own close, once it reads the end.
                    sock.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
                    return
        except OSError:  # closed meanwhile, or not connected
            continue


def _known(address: Address) -> tuple[Any, int] | None:
    """An address that can be compared; a Unix socket has none."""
    try:
        return None if address is None else (ip_address(address[0]), int(address[1]))
    except (ValueError, TypeError):
        return None


def _descriptors() -> list[int]:
    try:
        return [int(name) for name in os.listdir(_DESCRIPTORS)]
    except OSError:
        return []


def _is_between(sock: socket.socket, client: tuple[Any, int], server: tuple[Any, int]) -> bool:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
        return False
    return _known(sock.getpeername()[:2]) == client and _known(sock.getsockname()[:2]) == server
