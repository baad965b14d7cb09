"""Messages to everybody who listens, in this process or in all.

::

    prices = Broadcast(history=1000)
    prices.publish("wine", {"price": 12})

    async for message in prices.subscribe("wine", "beer"):
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demijohn.events.hub import LocalHub
from demijohn.events.message import pack
from demijohn.events.subscription import OnFull, Subscription
from demijohn.later import later
from demijohn.waiting.either import EitherWay

if TYPE_CHECKING:
    from demijohn.events import redis
else:
    redis = later("demijohn.events.redis")  # half a millisecond, where there is no Redis

__all__ = ["Broadcast"]


class Broadcast:
    """Gives what is published to all who have subscribed, and keeps the last messages for those who come back.

    It needs no application: make it beside the application, once per process, and use it in any thread and on any
    event loop.

    :param url: Of Redis or Valkey, which all processes that use the same ``name`` share; None for this process alone.
    :param history: How many messages are kept, of all channels together, for ``subscribe(after=...)``.
    :param name: Tells several broadcasts of one Redis apart.
    :raises ValueError: for a history below 0.
    """

    def __init__(self, url: str | None = None, *, history: int = 0, name: str = "broadcast") -> None:
        if history < 0:
            raise ValueError(f"history is {history}: it is a number of messages, at least 0.")
        self._hub = LocalHub(history)
        self._line = None if url is None else redis.RedisLine(url, name, self._hub)
        if self._line is None:
            self._hub.begin_here()

    def publish(self, channel: str, data: Any) -> EitherWay[str]:
        """Give ``data`` to all who have subscribed to ``channel``; nobody is waited for.

        A plain call in any code: what one thread or one event loop publishes keeps its order. In async code its result
        may be awaited, and is the message's id.

        :param data: Text, bytes, or what is JSON.
        :raises TypeError: for what is none of that.
        :raises BroadcastUnavailable: when Redis cannot be reached within a second; in async code, when it is awaited.
        """
        kind, raw = pack(data)
        if self._line is None:
            return EitherWay(str(self._hub.publish(channel, kind, raw)))
        return self._line.publish(channel, kind, raw)

    def subscribe(
        self, *channels: str, after: str | None = None, capacity: int = 64, on_full: OnFull = "close"
    ) -> Subscription:
        """Listen to channels: what is published after this call is given.

        :param after: The id of the last message that is known: all after it come first. None: new ones only. With an
            id that is unknown or too long ago, the subscription's ``reset`` is true, and new ones come.
        :param capacity: How many messages may wait.
        :param on_full: What is done with one more: ``"close"`` ends the subscription with :class:`Lagged`,
            ``"oldest"`` drops the oldest, and counts it in ``dropped``.
        :raises ValueError: for no channel, a capacity below 1, or another ``on_full``.
        """
        if not channels:
            raise ValueError("subscribe() was given no channel: name at least one to listen to.")
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}: at least one message must be able to wait.")
        if on_full not in ("close", "oldest"):
            raise ValueError(f"on_full is {on_full!r}: it is 'close' or 'oldest'.")
        since = () if self._line is None else (self._line.listen(),)
        return self._hub.subscribe(channels, after, capacity, on_full, *since)

    def close(self) -> None:
        """End all subscriptions of this process, and let go of Redis."""
        self._hub.close()
        if self._line is not None:
            self._line.close()
