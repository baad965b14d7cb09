"""What ``demijohn run`` and ``app.run()`` were asked for, in one value that can be handed to a worker.

Values are checked here, before anything is bound or started.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import asdict, dataclass, fields
from typing import Any

INTERFACES = ("auto", "wsgi", "asgi", "rsgi")

#: Threads of a WSGI worker. Granian's own default is half its backlog, 512, which a database's
#: connection limit does not survive; idle threads are let go, so a few too many cost nothing.
DEFAULT_THREADS = 32


class ServeError(Exception):
    """The server cannot start as asked. The text says why and what to do; it is shown without a traceback."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve one application.

    ``graceful_timeout`` is in seconds. ``cert`` is a pair of file names: certificate, key.
    ``uds`` is a Unix socket's path, used in place of ``host`` and ``port``.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    uds: str | None = None
    interface: str = "auto"
    workers: int = 1
    threads: int | None = None
    reload: bool = False
    debug: bool = False
    debugger: bool = True
    #: What the debugger's PIN is made from, once for all workers that follow each other; empty without a debugger.
    debug_key: str = ""
    cert: tuple[str, str] | None = None
    extra_files: tuple[str, ...] = ()
    exclude_patterns: tuple[str, ...] = ()
    graceful_timeout: float = 30.0
    access_log: bool = False
    allow_remote_debug: bool = False
    #: In production: threads within what the application's parts bear, findings told of at the start.
    prod: bool = False
    #: Seconds between SIGTERM and the end of accepting, in which readiness probes are told no.
    drain: float = 0.0
    #: Megabytes beyond which a worker is replaced.
    max_rss: int | None = None
    #: Bytes of a request's header, beyond which the server answers 431; None for as much as it takes by itself.
    max_header_size: int | None = None
    #: Whether the socket is of somebody who listens on when this server ends, see ``sockets.handed_over``.
    activated: bool = False
    #: Whether this worker, the first, says what ``demijohn check --deploy`` finds.
    tells_findings: bool = False

    def check(self) -> None:
        """Refuse what cannot work or is not safe.

        :raises ServeError: With the reason and the way out.
        """
        if self.interface not in INTERFACES:
            raise ServeError(f"Unknown interface {self.interface!r}: choose one of {', '.join(INTERFACES)}.")
        if self.uds and self.interface == "rsgi":
            raise ServeError(
                "RSGI on a Unix socket leaves no way to cut a stream that breaks, whose client would wait for ever:"
                " use --interface asgi, or --host and --port."
            )
        if not 0 <= self.port <= 65535:
            raise ServeError(f"There is no port {self.port}: ports go from 0 (any that is free) to 65535.")
        if self.workers < 1 or (self.threads is not None and self.threads < 1):
            raise ServeError("At least one worker and one thread are needed: give numbers from 1 up.")
        if self.prod and (self.debug or self.reload):
            raise ServeError(
                "--prod is for production, and debug mode and the reloader are not: leave out --debug and --reload, and"
                " unset DEMIJOHN_DEBUG and FLASK_DEBUG."
            )
        if self.drain < 0 or (self.max_rss is not None and self.max_rss < 1):
            raise ServeError(
                "--drain is a number of seconds, from 0 up, and --max-rss one of megabytes, from 1 up."
            )
        if self.graceful_timeout < 0:
            raise ServeError("The graceful timeout is a number of seconds, from 0 up.")
        if self.reload and self.workers > 1:
            raise ServeError("The reloader runs one worker: leave out --workers, or add --no-reload.")
        if self.debug and self.workers > 1:
            raise ServeError(
                f"Debug mode is not for {self.workers} workers: it shows source and values to whoever asks."
                " Leave out --debug, or --workers."
            )
        if self.debug and not self.allow_remote_debug and not self.is_local:
            raise ServeError(
                f"Debug mode is refused on {self.host!r}: error pages show source, values and settings,"
                " and this address can be reached from other machines. Bind 127.0.0.1, leave out debug, or,"
                " inside a container that is not reachable, set DEMIJOHN_ALLOW_REMOTE_DEBUG=1."
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect: a Unix socket or a loopback address."""
        return self.uds is not None or is_loopback(self.host)

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.cert else "http"

    def to_dict(self) -> dict[str, Any]:
        """A dictionary of JSON values that :meth:`from_dict` reads."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ServeOptions:
        """The options a supervisor wrote with :meth:`to_dict`."""
        known = {field.name for field in fields(cls)}
        kept: dict[str, Any] = {name: value for name, value in values.items() if name in known}
        for name, value in kept.items():
            if isinstance(value, list):  # JSON has no tuples
                kept[name] = tuple(value)
        return cls(**kept)


def is_loopback(host: str) -> bool:
    """Whether every address of ``host`` is a loopback address; a name that is unknown is not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_loopback for entry in found)


def remote_debug_allowed() -> bool:
    """Whether the environment allows debug mode on an address others can reach."""
    return os.environ.get("DEMIJOHN_ALLOW_REMOTE_DEBUG", "").lower() in {"1", "true", "yes"}
