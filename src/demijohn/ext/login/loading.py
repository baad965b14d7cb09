"""Loaders of either kind, called from code that cannot await.

This module must not know what is loaded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from demijohn import current_app

__all__ = ["call_here"]


def call_here(loader: Callable[[Any], Any], argument: object) -> Any:
    """Call a loader from sync code, waiting for one that is async."""
    user = loader(argument)
    if not isinstance(user, Awaitable):
        return user
    found = current_app.async_to_sync(lambda: user)()
    if found is user:
        getattr(user, "close", lambda: None)()
        raise RuntimeError(
            f"current_user was asked for on the event loop, before the async loader {loader!r} had"
            " run. Async views have it run ahead; elsewhere, first: await login_manager.load_user()."
        )
    return found
