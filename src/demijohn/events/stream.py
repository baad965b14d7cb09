"""The body of an event stream: events of any kind as bytes, signs of life, and an end when the server stops.

This module must not know what a request is, nor how its body is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextvars import copy_context
from typing import Any

from demijohn.events.message import Lagged
from demijohn.events.plain import Endings, encode
from demijohn.events.subscription import Subscription
from demijohn.http.sse import ServerSentEvent
from demijohn.waiting.loops import background, part_in_thread

__all__ = ["stream"]

#: A comment without a word: a sign of life.
_PING = b":\n\n"
#: Seconds between two looks at whether the client is still there, where it is seen by sending only.
_LOOK = 0.5
_END: Any = object()


def stream(
    events: Any, ping: float | None, retry: int | None, endings: Endings, ends: bool
) -> AsyncIterator[bytes]:
    """The body of a stream, for an event loop.

    :param events: A subscription, or any other iterable, async or not.
    :param ends: Whether it ends when the server stops, or is let finish; a subscription always does.
    """
    if isinstance(events, Subscription):
        return _of_subscription(events, ping, retry, endings)
    return _of_any(events, ping, retry, endings, ends)


class _Silence:
    """How long nothing has been said, and what is to be said about that."""

    def __init__(self, ping: float | None) -> None:
        # Where a thread waits for each part, nothing tells that the client has gone until it is asked for, and the
        # header is sent with the first part.
        self._unsaid = asyncio.get_running_loop() is background._loop
        self._ping = ping
        #: Seconds to wait for the next event.
        self.patience = min(filter(None, (ping, _LOOK if self._unsaid else None)), default=None)
        self.lasted = 0.0

    def go_on(self) -> bytes:
        """What is said after waiting in vain: a sign of life, or nothing yet."""
        if self._unsaid:
            self._unsaid = False
            return _PING
        self.lasted += self.patience or 0
        if self._ping is None or self.lasted < self._ping:
            return b""
        self.lasted = 0.0
        return _PING


async def _of_subscription(
    events: Subscription, ping: float | None, retry: int | None, endings: Endings
) -> AsyncIterator[bytes]:
    # PERF: a future and no task for each wait, and no message for each event: a thousand of these wait at a time.
    endings.watch()
    endings.endings.add(events.close)
    try:
        silence = _Silence(ping)
        if retry is not None:
            yield ServerSentEvent(retry=retry).encode()
        while not endings.stopping:
            begin = events.take_reset()
            if begin is not None:
                yield ServerSentEvent("", event="reset", id=str(begin)).encode()
            record = events.take()
            if record is not None:
                silence.lasted = 0.0
                yield record.event()
            elif not events.is_open:
                return
            elif not await events.wait(silence.patience):
                yield silence.go_on()
    except Lagged:
        return
    finally:
        endings.endings.discard(events.close)
        events.close()


async def _of_any(
    events: Any, ping: float | None, retry: int | None, endings: Endings, ends: bool
) -> AsyncIterator[bytes]:
    endings.watch()
    paced = _Paced(events)
    if ends:
        endings.endings.add(paced.end)
    try:
        silence = _Silence(ping)
        if retry is not None:
            yield ServerSentEvent(retry=retry).encode()
        while not (ends and (endings.stopping or paced.ended)):
            event = await paced.next(silence.patience)
            if event is _END:
                return
            if event is None:
                yield silence.go_on()
            else:
                silence.lasted = 0.0
                yield encode(event[0])
    except Lagged:
        return
    finally:
        endings.endings.discard(paced.end)
        await paced.aclose()


class _Paced:
    """An iterable of which the next item is waited for, with an end to the patience."""

    def __init__(self, events: Iterable[Any] | AsyncIterable[Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # one for all its steps, as if they were one
        self._events = events
        self._async = isinstance(events, AsyncIterable)
        self._iterator: Any = aiter(events) if isinstance(events, AsyncIterable) else iter(events)
        self._step: asyncio.Task[Any] | None = None
        self._woken: asyncio.Future[None] | None = None
        self.ended = False

    async def _advance(self) -> Any:
        try:
            if self._async:
                return (await anext(self._iterator),)
            return await part_in_thread(_next, self._iterator)
        except StopAsyncIteration:
            return _END

    async def next(self, within: float | None) -> Any:
        """The next item, in a tuple; None when it takes longer; ``_END`` after the last one."""
        step = self._step
        if step is None:
            step = self._step = self._loop.create_task(self._advance(), context=self._context)
            step.add_done_callback(self._wake)
        woken = self._woken = self._loop.create_future()
        timer = None if within is None else self._loop.call_later(within, self._wake)
        try:
            if not step.done():
                await woken
        finally:
            self._woken = None
            if timer is not None:
                timer.cancel()
        if not step.done():
            return None
        self._step = None
        return step.result()

    def _wake(self, *_: object) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def end(self) -> None:
        """Have nobody wait any more; called from any thread."""
        self.ended = True
        self._loop.call_soon_threadsafe(self._wake)

    async def aclose(self) -> None:
        """Close what the items come from, after a step that is not over."""
        step = self._step
        if step is not None:
            if self._async:
                step.cancel()
            await asyncio.wait((step,))
            if not step.cancelled():
                step.exception()  # nobody is left to hear of it
        for owner in (self._iterator, self._events):
            close = getattr(owner, "aclose" if self._async else "close", None)
            if close is not None:
                await (close() if self._async else part_in_thread(close))
                return


def _next(iterator: Iterator[Any]) -> Any:
    for item in iterator:
        return (item,)
    return _END
