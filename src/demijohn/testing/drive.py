"""From an environ to the exchange, socket and start-up of the protocol that was asked for.

Knows nothing of clients.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Literal

from demijohn.devserver.entries import start_rsgi, stop_rsgi
from demijohn.testing.asgi import ASGIExchange, ASGILifespan
from demijohn.testing.asgi_socket import ASGISocket
from demijohn.testing.exchange import Exchange
from demijohn.testing.loop import Hook
from demijohn.testing.ports import Application
from demijohn.testing.rsgi import RSGIExchange
from demijohn.testing.rsgi_socket import RSGISocket
from demijohn.testing.sockets import SocketExchange
from demijohn.testing.wire import wire_request

__all__ = ["Driver", "PROTOCOLS", "Protocol", "check_protocol"]

Protocol = Literal["wsgi", "asgi", "rsgi"]
PROTOCOLS: tuple[Protocol, ...] = ("wsgi", "asgi", "rsgi")


def check_protocol(app: Application, protocol: str) -> Protocol:
    """The protocol, if it is known and the application has an entry point for it.

    :raises ValueError: If not.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"unknown protocol {protocol!r}: choose one of {', '.join(PROTOCOLS)}")
    if protocol == "rsgi" and not hasattr(app, "__rsgi__"):
        raise ValueError(f"{app!r} has no __rsgi__ entry point, so it cannot be tested through RSGI")
    return protocol


class Driver:
    """Runs the requests of one client through an application by a protocol; to be used on one event loop."""

    def __init__(self, app: Application, protocol: Protocol) -> None:
        self._app = app
        self._protocol = protocol
        self._lifespan = ASGILifespan(app)

    def exchange(self, environ: dict[str, Any]) -> Exchange:
        """Launch a request (ASGI or RSGI)."""
        request = wire_request(environ)
        if self._protocol == "rsgi":
            return RSGIExchange(self._app, request)
        return ASGIExchange(self._app, request, self._lifespan.state)

    def socket(self, environ: dict[str, Any], subprotocols: list[str]) -> SocketExchange:
        """Launch a WebSocket handshake (ASGI or RSGI)."""
        request = wire_request(environ)
        if self._protocol == "rsgi":
            return RSGISocket(self._app, request)
        return ASGISocket(self._app, request, subprotocols, self._lifespan.state)

    def loop_hooks(self) -> tuple[Hook | None, Hook | None]:
        """What to call on the loop's thread before it runs and after it ran."""
        if self._protocol != "rsgi":
            return None, None
        return partial(start_rsgi, self._app), partial(stop_rsgi, self._app)

    async def startup(self) -> None:
        """Start the application, unless :meth:`loop_hooks` did."""
        if self._protocol == "asgi":
            await self._lifespan.startup()
        elif self._protocol == "wsgi":
            await asyncio.to_thread(self._app.lifecycle.start_sync)

    async def shutdown(self) -> None:
        """Shut the application down, unless :meth:`loop_hooks` will."""
        if self._protocol == "asgi":
            await self._lifespan.shutdown()
            self._lifespan = ASGILifespan(self._app)
        elif self._protocol == "wsgi":
            await asyncio.to_thread(self._app.lifecycle.stop_sync)
