"""One who listens: what waits for them, and how they wait.

This module must not know where messages come from: a hub puts them in.
"""

from __future__ import annotations

from _thread import LockType, allocate_lock
from asyncio import Future
from collections import deque
from collections.abc import Iterable
from typing import Any, Literal, Protocol, Self, TypeAlias

from demijohn.events.message import NOWHERE, Id, Lagged, Message, Record
from demijohn.variable import current
from demijohn.waiting.drivers import running_loop

__all__ = ["OnFull", "Subscription", "wake"]

OnFull: TypeAlias = Literal["close", "oldest"]
#: What wakes a listener that waits: on an event loop, or in a thread.
Waiter: TypeAlias = "Future[bool] | LockType"


class Hub(Protocol):
    """Where a subscription is known."""

    lock: Any

    def forget(self, subscription: Subscription) -> None:
        """Give it nothing any more; its lock is not held."""

    def gone(self, key: int, channels: tuple[str, ...]) -> None:
        """Note that nobody has it any more; called when it is collected, and so at any time."""


class Subscription:
    """What ``Broadcast.subscribe`` returns: iterate over it, with ``async for`` or in a thread with ``for``.

    It ends when it is closed, when nobody has it any more, and when the server stops.

    :ivar channels: The channels it listens to.
    :ivar dropped: How many messages were dropped because it was full (``on_full="oldest"``).
    :ivar reset: Whether messages may be missing: ``after`` was unknown, or too long ago.
    """

    def __init__(self, hub: Hub, key: int, channels: tuple[str, ...], capacity: int, on_full: OnFull) -> None:
        self.channels = channels
        self.dropped = 0
        self.reset = False
        self.key = key
        self._hub = hub
        self._capacity = capacity
        self._on_full = on_full
        #: Up to where everything has been given, or is not wanted.
        self._upto = self._began = NOWHERE
        #: An id that is not here yet, but may be elsewhere.
        self.ahead: Id | None = None
        self._backlog: deque[Record] = deque()
        self._queue: deque[Record] = deque()
        self._state: Literal["open", "lagged", "closed"] = "open"
        self._told_of_reset = False
        self._waiter: Waiter | None = None

    # The hub's side; its lock is held.

    def begin(self, upto: Id, backlog: Iterable[Record] = (), reset: bool = False) -> Waiter | None:
        """Start with ``backlog``, and then with what comes behind ``upto``."""
        self.ahead = None
        self._upto = self._began = upto
        self._backlog, self.reset = deque(backlog), reset
        self._queue.clear()
        return self._waiter

    def put(self, record: Record) -> Waiter | None:
        """Take a message that was published; whom to wake for it."""
        if record.place <= self._upto:
            return None
        self._upto = record.place
        if len(self._queue) >= self._capacity:
            if self._on_full == "close":
                self._state = "lagged"
                return self._waiter
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(record)
        return self._waiter

    def miss(self, count: int) -> Waiter | None:
        """Note that so many messages were lost on their way here."""
        if self._on_full == "close":
            self._state = "lagged"
        else:
            self.dropped += count
        return self._waiter

    def restart(self) -> None:
        """Take what a broadcast that begins anew numbers from the beginning."""
        self._upto = NOWHERE

    @property
    def is_open(self) -> bool:
        """Whether it takes messages."""
        return self._state == "open"

    @property
    def upto(self) -> Id:
        """Up to where everything has been taken."""
        return self._upto

    # The listener's side.

    def close(self) -> None:
        """End it: who iterates over it comes to the end. Safe in any thread, and more than once."""
        with self._hub.lock:
            if self._state != "closed":
                self._state = "closed"
                self._backlog.clear()
                self._queue.clear()
            waiter = self._waiter
        self._hub.forget(self)
        wake((waiter,))

    async def aclose(self) -> None:
        """As :meth:`close`."""
        self.close()

    def take_reset(self) -> Id | None:
        """Where it begins, once, if messages may be missing before that."""
        if not self.reset or self._told_of_reset:
            return None
        self._told_of_reset = True
        return self._began

    def take(self) -> Record | None:
        """The next message, or None while there is none, and when it is closed.

        :raises Lagged: when it was full, and what waited has been given.
        """
        if self._backlog:
            return self._backlog.popleft()
        if self._queue and self.ahead is None:
            return self._queue.popleft()
        if self._state == "lagged":
            raise Lagged(
                f"The subscription to {', '.join(map(repr, self.channels))} was full: {self._capacity} messages"
                " (capacity) waited for whoever takes them. Take them faster, or subscribe with"
                " on_full='oldest', which drops the oldest and counts them."
            )
        return None

    def wait_on(self, waiter: Waiter) -> bool:
        """Have ``waiter`` woken by the next message; False when there is something to take already.

        :raises RuntimeError: when somebody waits already.
        """
        with self._hub.lock:
            if self._waiter is not None:
                raise RuntimeError("Two iterate over one subscription: give each one of its own.")
            ready = (self._queue and self.ahead is None) or self._state != "open"
            if self._backlog or ready or (self.reset and not self._told_of_reset):
                return False
            self._waiter = waiter
            return True

    def wait_no_more(self) -> None:
        """Undo :meth:`wait_on`."""
        self._waiter = None

    async def wait(self, within: float | None = None) -> bool:
        """Wait until there may be something to take, or for so many seconds; whether there may be."""
        loop = running_loop()
        woken: Future[bool] = loop.create_future()
        if not self.wait_on(woken):
            return True
        timer = None if within is None else loop.call_later(within, _set, (woken,), False)
        try:
            return await woken
        finally:
            self.wait_no_more()
            if timer is not None:
                timer.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        idle = False
        while True:
            record = self.take()
            if record is not None:
                return Message(record)
            if self._state == "closed":
                raise StopAsyncIteration
            self.take_reset()
            if not idle:
                idle = True
                await _before_idle()
                continue  # something may have come meanwhile
            await self.wait()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        while True:
            record = self.take()
            if record is not None:
                return Message(record)
            if self._state == "closed":
                raise StopIteration
            self.take_reset()
            lock = allocate_lock()
            lock.acquire()
            if self.wait_on(lock):
                try:
                    lock.acquire()
                finally:
                    self.wait_no_more()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._hub.gone(self.key, self.channels)


async def _before_idle() -> None:
    """Let a WebSocket's handler give back what others may need while it waits."""
    ctx = current.get(None)
    before_idle = None if ctx is None else getattr(ctx._request, "before_idle", None)
    if before_idle is not None:
        await before_idle()


def _set(futures: Iterable[Future[bool]], is_there: bool = True) -> None:
    for future in futures:
        if not future.done():
            future.set_result(is_there)


def wake(waiters: Iterable[Waiter | None]) -> None:
    """Wake listeners, from any thread: those of another loop by one call for all of them."""
    here = running_loop()
    elsewhere: dict[Any, list[Future[bool]]] = {}
    for waiter in waiters:
        if waiter is None:
            continue
        if isinstance(waiter, Future):
            loop = waiter.get_loop()
            if loop is here:
                _set((waiter,))
            else:
                elsewhere.setdefault(loop, []).append(waiter)
        elif waiter.locked():
            waiter.release()
    for loop, futures in elsewhere.items():
        try:
            loop.call_soon_threadsafe(_set, futures)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue
