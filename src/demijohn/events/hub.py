"""Who listens in this process: what is published goes from here to each subscription, and is kept for a while.

This module must not know where it comes from: this process, or Redis.
"""

from __future__ import annotations

import time
from collections import deque
from itertools import count
from threading import Lock
from weakref import ReferenceType, ref

from demijohn.events.message import NOWHERE, Id, Record, parse_id
from demijohn.events.subscription import OnFull, Subscription, Waiter, wake

__all__ = ["LocalHub"]


class LocalHub:
    """The subscriptions of one broadcast in this process.

    :param history: How many messages are kept for those who come back.
    """

    def __init__(self, history: int) -> None:
        self.lock = Lock()
        self.history = history
        #: The last message that was given.
        self.last = NOWHERE
        #: Whether what is missing here may still come from elsewhere.
        self.behind = False
        self._kept: deque[Record] = deque(maxlen=history)
        self._channels: dict[str, dict[int, ReferenceType[Subscription]]] = {}
        self._gone: deque[tuple[int, tuple[str, ...]]] = deque()
        self._keys = count()

    def begin_here(self) -> None:
        """Let ids begin now: this process gives them."""
        self.last = Id(time.time_ns() // 1_000_000, 0)

    # Publishing.

    def publish(self, channel: str, kind: str, raw: str | bytes) -> Id:
        """Give a message to the subscriptions of its channel; its id is the next one."""
        with self.lock:
            place = Id(self.last.epoch, self.last.number + 1)
            woken = self._give(Record(channel, kind, raw, place))
        wake(woken)
        return place

    def give(self, record: Record) -> None:
        """Give a message that has its id already."""
        with self.lock:
            woken = self._give(record)
        wake(woken)

    def _give(self, record: Record) -> list[Waiter | None]:
        if self._gone:
            self._clean()
        woken: list[Waiter | None] = []
        place, last = record.place, self.last
        if place.epoch != last.epoch:
            self._kept.clear()
        elif place.number > last.number + 1:
            self._kept.clear()
            woken += [listener.miss(place.number - last.number - 1) for listener in self._listeners()]
        self.last = place
        self._kept.append(record)
        refs = self._channels.get(record.channel)
        if refs:
            for reference in tuple(refs.values()):
                listener = reference()
                if listener is not None and listener.is_open:
                    woken.append(listener.put(record))
        return woken

    def _listeners(self) -> list[Subscription]:
        found = {key: reference() for refs in self._channels.values() for key, reference in refs.items()}
        return [listener for listener in found.values() if listener is not None]

    # Subscribing.

    def subscribe(
        self,
        channels: tuple[str, ...],
        after: str | None,
        capacity: int,
        on_full: OnFull,
        since: Id = NOWHERE,
    ) -> Subscription:
        """Have a new subscription known.

        :param since: The last message that is known to be published already.
        """
        with self.lock:
            self._clean()
            listener = Subscription(self, next(self._keys), channels, capacity, on_full)
            if not after:
                listener.begin(max(self.last, since))
            else:
                self._begin_after(listener, parse_id(after), self.behind)
            for channel in channels:
                self._channels.setdefault(channel, {})[listener.key] = ref(listener)
        return listener

    def _begin_after(self, listener: Subscription, after: Id | None, may_come: bool) -> Waiter | None:
        """Start a subscription where another had ended."""
        last = self.last
        if after is not None and after.epoch == last.epoch:
            missed = last.number - after.number
            if 0 <= missed <= len(self._kept):
                wanted = [
                    record
                    for record in self._kept
                    if record.place > after and record.channel in listener.channels
                ]
                return listener.begin(last, wanted)
        if after is not None and may_come and after > last:
            listener.ahead = after
            return None
        return listener.begin(last, reset=True)

    def waiting(self) -> list[Subscription]:
        """The subscriptions that wait for what may be elsewhere."""
        with self.lock:
            return [listener for listener in self._listeners() if listener.ahead is not None]

    def settle(self, waiting: list[Subscription]) -> None:
        """Start subscriptions that waited: what was elsewhere then is here now, or nowhere."""
        with self.lock:
            woken = [
                self._begin_after(listener, listener.ahead, False)
                for listener in waiting
                if listener.ahead is not None
            ]
        wake(woken)

    def begin_at(self, records: list[Record], last: Id) -> None:
        """Begin behind ``last``, with what is kept of the time before."""
        with self.lock:
            self.last = last
            self._kept.clear()
            self._kept.extend(records)

    def restart(self) -> None:
        """Note that all there was is gone, and ids may begin anew."""
        with self.lock:
            self.last = NOWHERE
            self._kept.clear()
            for listener in self._listeners():
                listener.restart()

    # Forgetting.

    def forget(self, subscription: Subscription) -> None:
        """Give it nothing any more."""
        with self.lock:
            self._drop(subscription.key, subscription.channels)

    def gone(self, key: int, channels: tuple[str, ...]) -> None:
        """Note that nobody has it any more.

        Called by the garbage collector, maybe while this thread holds the lock: so it is only noted.
        """
        self._gone.append((key, channels))

    def close(self) -> None:
        """End all subscriptions."""
        with self.lock:
            listeners = self._listeners()
        for listener in listeners:
            listener.close()

    def _clean(self) -> None:
        while self._gone:
            self._drop(*self._gone.popleft())

    def _drop(self, key: int, channels: tuple[str, ...]) -> None:
        for channel in channels:
            refs = self._channels.get(channel)
            if refs is not None:
                refs.pop(key, None)
                if not refs:
                    del self._channels[channel]
