"""A WebSocket conversation through ASGI (spec 2.3, with the extension ``websocket.http.response``)."""

from __future__ import annotations

from typing import Any

from demijohn.devserver.entries import asgi_entry
from demijohn.typing import Message
from demijohn.testing.asgi import make_scope, sent_head, text_fields
from demijohn.testing.ports import Application
from demijohn.testing.sockets import Accepted, Closed, Refused, SocketExchange
from demijohn.testing.wire import WireRequest

__all__ = ["ASGISocket"]


class ASGISocket(SocketExchange):
    """One ``websocket`` connection."""

    def __init__(
        self, app: Application, request: WireRequest, subprotocols: list[str], state: dict[str, Any]
    ) -> None:
        super().__init__()
        scope = make_scope(request, "websocket", state)
        scope["subprotocols"] = subprotocols
        scope["extensions"] = {"websocket.http.response": {}}
        self._offered = subprotocols
        self._stage = "connect"
        self._refusal = Refused()
        self.launch(asgi_entry(app)(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        if self._stage == "connect":
            self._stage = "handshake"
            return {"type": "websocket.connect"}
        message = await self.incoming.get()
        if isinstance(message, Closed):
            self._stage = "over"
            self.incoming.put_nowait(message)
            return {"type": "websocket.disconnect", "code": message.code, "reason": message.reason}
        if isinstance(message, bytes):
            return {"type": "websocket.receive", "bytes": message}
        return {"type": "websocket.receive", "text": message}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._stage in ("connect", "handshake", "refusing"):
            self._decide(kind, message)
        elif kind == "websocket.send" and self._stage == "open":
            await self.offer(_payload(message))
        elif kind == "websocket.close" and self._stage == "open":
            self._stage = "over"
            code = message.get("code")
            self.events.put_nowait(Closed(1000 if code is None else code, message.get("reason") or ""))
        elif self._stage != "over" or self.closed is None:
            raise RuntimeError(f"{kind} is out of place")

    def _decide(self, kind: str, message: Message) -> None:
        """Take the messages of the handshake."""
        if kind == "websocket.accept" and self._stage != "refusing":
            chosen = message.get("subprotocol")
            if chosen is not None and chosen not in self._offered:
                raise ValueError(
                    f"the application chose sub-protocol {chosen!r}, which the client did not offer"
                )
            self._stage = "open"
            self.events.put_nowait(Accepted(chosen, text_fields(message.get("headers", ()))))
        elif kind == "websocket.close" and self._stage != "refusing":
            self._refuse(Refused(403))
        elif kind == "websocket.http.response.start" and self._stage != "refusing":
            self._stage = "refusing"
            head = sent_head(message)
            self._refusal = Refused(head.status, head.headers)
        elif kind == "websocket.http.response.body" and self._stage == "refusing":
            self._refusal.body += message.get("body", b"")
            if not message.get("more_body", False):
                self._refuse(self._refusal)
        else:
            raise RuntimeError(f"{kind} is out of place in the handshake")

    def _refuse(self, refusal: Refused) -> None:
        self._stage = "over"
        self.closed = Closed(1006)
        self.incoming.put_nowait(Closed(1006))
        self.events.put_nowait(refusal)


def _payload(message: Message) -> str | bytes:
    """The one payload of a message; raises as servers do when it has none or is of the wrong type."""
    text, data = message.get("text"), message.get("bytes")
    if isinstance(text, str) and data is None:
        return text
    if isinstance(data, bytes | bytearray | memoryview) and text is None:
        return bytes(data)
    raise TypeError(f"websocket.send holds either text or bytes, not {message!r}")
