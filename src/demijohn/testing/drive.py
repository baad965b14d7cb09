"""Chooses the driver: from an environ to the exchange, socket and start-up of the interface that was asked
for.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, Literal

from . import rsgi
from .asgi import ASGIExchange, ASGILifespan
from .asgi_socket import ASGISocket
from .exchange import Exchange
from .rsgi import RSGIExchange
from .rsgi_socket import RSGISocket
from .sockets import SocketExchange
from .wire import wire_request

Protocol = Literal["wsgi", "asgi", "rsgi"]
PROTOCOLS: tuple[Protocol, ...] = ("wsgi", "asgi", "rsgi")
Hook = Callable[[asyncio.AbstractEventLoop], None]


def check_protocol(app: Any, protocol: str) -> Protocol:
    """Return `protocol` if it is known and `app` has an entry point for it; raises `ValueError` otherwise."""
    if protocol not in PROTOCOLS:
        raise ValueError(f"unknown protocol {protocol!r}: choose one of {', '.join(PROTOCOLS)}")
    if protocol == "rsgi" and not hasattr(app, "__rsgi__"):
        raise ValueError(f"{app!r} has no __rsgi__ entry point, so it cannot be tested through RSGI")
    return protocol


class Driver:
    """Runs requests of one client through `app` by `protocol`; to be used on one event loop."""

    def __init__(self, app: Any, protocol: Protocol) -> None:
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
        """Return what to call on the loop's thread before it runs and after it ran."""
        if self._protocol != "rsgi":
            return None, None
        return functools.partial(rsgi.start, self._app), functools.partial(rsgi.stop, self._app)

    async def startup(self) -> None:
        """Start the application, unless `loop_hooks` did."""
        if self._protocol == "asgi":
            await self._lifespan.startup()
        elif self._protocol == "wsgi":
            await asyncio.to_thread(self._app.lifecycle.start_sync)

    async def shutdown(self) -> None:
        """Shut the application down, unless `loop_hooks` will."""
        if self._protocol == "asgi":
            await self._lifespan.shutdown()
            self._lifespan = ASGILifespan(self._app)
        elif self._protocol == "wsgi":
            await asyncio.to_thread(self._app.lifecycle.stop_sync)
