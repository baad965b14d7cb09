"""The signals that stop a server which says nothing before its streams have ended, as uvicorn and hypercorn do.

This module must not know what is done about them.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import current_thread, main_thread
from typing import Any

__all__ = ["hear", "is_heard"]


class _Handler:
    """A handler that does its own before it hands on to the server's."""

    def __init__(self, first: Callable[[], None], then: Callable[..., Any]) -> None:
        self.first = first
        self.then = then

    def __call__(self, number: int, frame: Any) -> None:
        self.first()
        self.then(number, frame)


def is_heard() -> bool:
    """Whether they are heard in this process."""
    return isinstance(signal.getsignal(signal.SIGTERM), _Handler)


def hear(loop: Any, first: Callable[[], None]) -> None:
    """Call ``first`` before the server's handlers, where it has some.

    :param loop: Runs in the main thread, the only one that may set handlers, when this one is another; or None.
    """
    if current_thread() is main_thread():
        _hear(first)
    elif loop is not None and loop.is_running():
        loop.call_soon_threadsafe(_hear, first)


def _hear(first: Callable[[], None]) -> None:
    if current_thread() is not main_thread() or is_heard():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        handler = signal.getsignal(number)
        if callable(handler) and handler is not signal.default_int_handler:
            signal.signal(number, _Handler(first, handler))
