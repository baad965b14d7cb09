"""The request, the response and the WebSocket that application code sees."""

from __future__ import annotations

from demijohn.wrappers.request import Request
from demijohn.wrappers.response import Response
from demijohn.wrappers.websocket import Websocket

__all__ = ["Request", "Response", "Websocket"]
