"""A namespace as a class: one method for each event."""

from __future__ import annotations

from typing import Any

from socketio.base_namespace import BaseServerNamespace

from demijohn.ext.realtime.ports import Callback, Extension, Rooms
from demijohn.extend import EitherWay

__all__ = ["Namespace"]


class Namespace(BaseServerNamespace):  # type: ignore[misc]
    """The handlers of a namespace as methods ``on_...``, each ``def`` or ``async def``::

    class Lots(Namespace):
        def on_connect(self): ...
        async def on_bid(self, lot, amount): ...

    socketio.on_namespace(Lots("/lots"))
    """

    def __init__(self, namespace: str | None = None) -> None:
        super().__init__(namespace)
        self.socketio: Extension = None  # type: ignore[assignment]

    def _set_socketio(self, socketio: Extension) -> None:
        self.socketio = socketio

    def is_asyncio_based(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """As python-socketio asks; methods are of either kind."""
        return False

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Have the event's method called; override it to dispatch otherwise.

        :returns: What has to be awaited, or None where there is no such method.
        """
        handler = getattr(self, f"on_{event or ''}", None)
        if handler is None:
            return None
        return self.socketio.handle_event(handler, event, self.namespace, *args)

    def emit(
        self, event: str, data: object = None, room: Rooms = None, include_self: bool = True,
        namespace: str | None = None, callback: Callback | None = None, to: Rooms = None, skip_sid: Rooms = None,
    ) -> EitherWay[None]:  # fmt: skip
        """:meth:`SocketIO.emit` to this namespace."""
        return self.socketio.emit(
            event, data, to=to or room, include_self=include_self, skip_sid=skip_sid,
            namespace=namespace or self.namespace, callback=callback,
        )  # fmt: skip

    def send(
        self, data: object, room: Rooms = None, include_self: bool = True, namespace: str | None = None,
        callback: Callback | None = None, to: Rooms = None, skip_sid: Rooms = None,
    ) -> EitherWay[None]:  # fmt: skip
        """:meth:`SocketIO.send` to this namespace."""
        return self.socketio.send(
            data, to=to or room, include_self=include_self, skip_sid=skip_sid,
            namespace=namespace or self.namespace, callback=callback,
        )  # fmt: skip

    def close_room(self, room: str, namespace: str | None = None) -> EitherWay[None]:
        """:meth:`SocketIO.close_room` of this namespace."""
        return self.socketio.close_room(room, namespace or self.namespace)
