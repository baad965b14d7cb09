"""Orders to a thread: signals and calls, by one pipe.

Python runs a signal's handler in the main thread, when that next executes Python; a main thread that
waits on a lock may not be woken at all. When SIGINT and SIGTERM came together, to a worker that has
Granian's threads besides, its handlers did not run in 8 of 12 trials. The C part of Python's handling,
though, writes the signal's number to a "wakeup" descriptor at once, in whichever thread it runs; so a
thread that reads the other end learns of every signal. Nothing here takes a lock: orders may be given in a
signal handler.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import FrameType

#: Orders that are not signals; no signal has such a number.
STOP, END, HURRY = 200, 201, 202


Handler = Callable[[int, FrameType | None], None]


def _nothing(number: int, frame: FrameType | None) -> None: ...


class Orders:
    """Numbers given in any thread or handler, taken by one thread."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)

    def give(self, order: int) -> None:
        """Give an order; never blocks."""
        with contextlib.suppress(OSError):  # full, or closed: whoever reads has enough to do, or has ended
            os.write(self._write, bytes((order,)))

    def take(self, wanted: Iterable[int], patience: float | None = None) -> int | None:
        """The next order of those wanted, or None after so many seconds; others are passed over."""
        wanted = frozenset(wanted)
        deadline = None if patience is None else time.monotonic() + patience
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._read], [], [], left)[0]:
                return None
            for order in os.read(self._read, 1):
                if order in wanted:
                    return order

    @contextlib.contextmanager
    def of_signals(self, numbers: Iterable[int], handler: Handler | None = None) -> Iterator[bool]:
        """While in the block, these signals are orders. Only the main thread can do so; False elsewhere.

        :param handler: Called in the main thread besides, when that comes to it.
        """
        if threading.current_thread() is not threading.main_thread():
            yield False
            return
        # Without a Python half there is no C half either.
        handlers = {number: signal.signal(number, handler or _nothing) for number in numbers}
        before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        try:
            yield True
        finally:
            signal.set_wakeup_fd(before)
            for number, old in handlers.items():
                signal.signal(number, signal.SIG_DFL if old is None else old)

    def __del__(self) -> None:
        # Not sooner: a descriptor given up while somebody may still write to it could be another file by then.
        os.close(self._read)
        os.close(self._write)
