"""What a WebSocket's handler is told when the connection is over.

Apart from ``websocket``, because it brings asyncio, which an application without async code never imports.
"""

from __future__ import annotations

from asyncio import CancelledError

__all__ = ["Disconnected"]


class Disconnected(CancelledError):
    """The connection is closed, by either side, or was lost; raised by ``receive`` and ``send``.

    A ``CancelledError``, as in Quart: a handler may clean up on it and need not catch it.

    :param code: The close code; 1005 when there was none, 1006 when the connection was lost.
    :param reason: The close reason.
    """

    def __init__(self, code: int = 1005, reason: str = "") -> None:
        super().__init__(f"WebSocket closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason
