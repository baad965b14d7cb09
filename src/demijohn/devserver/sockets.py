"""The listening socket, bound once by whoever starts the server and inherited by its workers.

Granian would bind in every worker with SO_REUSEPORT: then a second server on a port in use starts
without a word and takes half the requests, and what waits in a dying worker's queue is lost. One
socket for all has neither fault, and it stays open while workers are replaced, so that a reload
refuses no connection.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import stat
from dataclasses import replace

from demijohn.devserver.options import ServeError, ServeOptions

BACKLOG = 1024


def listen(options: ServeOptions) -> socket.socket:
    """Bind and listen where the options say.

    :raises ServeError: When the place is taken, forbidden or unknown.
    """
    sock = _listen_unix(options.uds) if options.uds else _listen_tcp(options.host, options.port)
    # Granian's runtime polls it; a blocking accept would stop the whole worker.
    sock.setblocking(False)
    return sock


def handed_over(options: ServeOptions) -> tuple[socket.socket | None, ServeOptions]:
    """The socket that systemd listens on and gave to this process, and the options as it makes them.

    The protocol is that of ``sd_listen_fds(3)``: ``LISTEN_PID`` and ``LISTEN_FDS`` in the environment, from where they
    are taken, and descriptors from 3 on.

    :raises ServeError: When there are several, or one of another kind.
    """
    pid, number = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()):
        return None, options
    if number != "1":
        raise ServeError(f"One socket is served, and {number} are handed over: write one ListenStream= line.")
    sock = socket.socket(fileno=3)
    if sock.type != socket.SOCK_STREAM or not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise ServeError(
            "The socket that is handed over is none to accept on: write ListenStream= and Accept=no."
        )
    sock.setblocking(False)
    os.set_inheritable(sock.fileno(), False)
    name = sock.getsockname()
    place = {"uds": name} if is_unix(sock) else {"host": name[0], "port": name[1]}
    return sock, replace(options, activated=True, **place)


def _listen_tcp(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, OverflowError) as error:
        raise ServeError(f"Cannot listen on {host!r}, port {port}: {error}.") from None
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # Only so that a restart need not wait for old connections; a live listener still refuses us.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise ServeError(_bind_failure(error, host, port)) from None
    return sock


def _bind_failure(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host!r} is in use by another program."
            f" Stop it, or choose another port: --port {port + 1 if port < 65535 else 8000}."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} needs more rights than this user has: choose one from 1024 up with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{host!r} is not an address of this machine: choose 127.0.0.1, or 0.0.0.0 for all, with --host."
        )
    return f"Cannot listen on {host!r}, port {port}: {error.strerror}."


def _listen_unix(path: str) -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise ServeError("This platform has no Unix sockets: use --host and --port.")
    _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise ServeError(f"Cannot listen on the Unix socket {path!r}: {error.strerror or error}.") from None
    return sock


def _remove_stale(path: str) -> None:
    """Remove the socket file a dead server left; a live one's, or a file of another kind, is an error."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise ServeError(f"{path!r} exists and is not a socket: choose another --uds path or remove it.")
    except OSError:
        return  # nothing there, or unreadable: binding will say
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            os.unlink(path)
            return
    raise ServeError(f"The Unix socket {path!r} is in use by another program: choose another --uds path.")


def refuse(sock: socket.socket, options: ServeOptions) -> None:
    """Refuse new connections from now on, in every process that has this socket.

    Not where somebody else listens on it too: there they wait for the next server.

    One that is merely closed here goes on in the others, and the system takes connections that nobody accepts:
    their clients would hear nothing until the last process ends. Only when no process accepts any more: Granian
    would try again for ever, and do nothing else.
    """
    if options.activated:
        return
    with contextlib.suppress(OSError):  # refused already, or a system that does not do this
        sock.shutdown(socket.SHUT_RDWR)


def stop_polling(descriptor: int) -> bool:
    """Take a descriptor out of what this process waits for; False where only its owner could (not on Linux).

    Granian's runtime is not told otherwise before it ends, and would hear of the socket that is refusing.
    """
    folder = "/proc/self/fd"
    if not hasattr(select, "epoll") or not os.path.isdir(folder):
        return False
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):  # closed meanwhile, or not in this one
            if os.readlink(f"{folder}/{name}") == "anon_inode:[eventpoll]":
                # The object closes what it is given.
                with select.epoll.fromfd(os.dup(int(name))) as polled:
                    polled.unregister(descriptor)
    return True


def hang_up(port: int) -> None:
    """End all connections that this process has taken at a port; only where a process can look at its own (Linux)."""
    folder = "/proc/self/fd"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        with contextlib.suppress(OSError):  # no socket, closed meanwhile, not connected
            if not stat.S_ISSOCK(os.stat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as found:
                ours = found.family in {socket.AF_INET, socket.AF_INET6} and found.getsockname()[1] == port
                if ours and found.getpeername():
                    found.shutdown(socket.SHUT_RDWR)


def release(sock: socket.socket, options: ServeOptions) -> None:
    """Close the listening socket, and remove its file if it has one and it is nobody else's."""
    path = sock.getsockname() if is_unix(sock) and not options.activated else None
    sock.close()
    if path:
        with contextlib.suppress(OSError):
            os.unlink(path)


def is_unix(sock: socket.socket) -> bool:
    """Whether this is a Unix socket."""
    return hasattr(socket, "AF_UNIX") and sock.family == socket.AF_UNIX


def display_address(sock: socket.socket, scheme: str) -> str:
    """What to type to reach the server: a URL, or ``unix:`` and a path."""
    name = sock.getsockname()
    if is_unix(sock):
        return f"unix:{name}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    everywhere = " (all addresses)" if name[0] in ("0.0.0.0", "::") else ""
    return f"{scheme}://{host}:{name[1]}{everywhere}"
