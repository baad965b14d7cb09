"""What options put around a typed view. This module must not know routes."""

from __future__ import annotations

from typing import Any

from demijohn.ext.rest.typed.handlers import Handler

__all__ = ["around"]


def around(handler: Handler, view: Any) -> Any:
    """A view with what its options ask for around it."""
    return view
