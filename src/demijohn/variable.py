"""The one context variable of this package: its value is the context that is current, if there is one.

It stands on the ground, so that JSON, which is read and written as the current application does it, need not
be told from above which that is. Everybody else takes it from ``contexts.context``, with its type. This
module must not know what a context is.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

__all__ = ["current"]

current: ContextVar[Any] = ContextVar("demijohn.context")
