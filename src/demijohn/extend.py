"""What extensions are written with: the rooms of this package, and anybody else's.

::

    from demijohn import current_app
    from demijohn.extend import call, send_signal

    async def load(function, key):
        found = await call(function, key)        # async functions are awaited, others run in a thread
        send_signal(loaded, current_app, key=key)

Small on purpose: what is here stays, with its name and its meaning, from one release to the next.
"""

from __future__ import annotations

from demijohn.signals import send_signal
from demijohn.waiting.callables import call, is_async

__all__ = ["call", "is_async", "send_signal"]
