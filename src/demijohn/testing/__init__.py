"""Test an application without a server, over any of the three protocols it can be served by.

::

    client = app.test_client()                       # WSGI, as Flask's
    assert client.get("/").status_code == 200

    client = app.test_client(protocol="asgi")        # the same calls, really through ASGI
    with client.websocket("/ws") as ws:
        ws.send("hello")
        assert ws.receive() == "hello"

    client = app.async_test_client()                 # the same with await
    response = await client.get("/")

    with LiveServer(app) as server:                  # a real one, in this process
        urllib.request.urlopen(server.url)

Leaves alone: your fixtures, apart from those that :mod:`demijohn.testing.pytest_plugin` offers.
"""

from __future__ import annotations

from demijohn.testing.async_client import AsyncFlaskClient, StreamedResponse
from demijohn.testing.builder import EnvironBuilder
from demijohn.testing.client import FlaskClient
from demijohn.testing.exchange import NoResponse
from demijohn.testing.live import LiveServer
from demijohn.testing.runner import FlaskCliRunner
from demijohn.testing.sockets import AsyncWebSocket, WebSocket, WebSocketDisconnect, WebSocketRejected

__all__ = [
    "AsyncFlaskClient",
    "AsyncWebSocket",
    "EnvironBuilder",
    "FlaskCliRunner",
    "FlaskClient",
    "LiveServer",
    "NoResponse",
    "StreamedResponse",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketRejected",
]
