"""Flask's name for what :mod:`demijohn.contexts.context` holds."""

from __future__ import annotations

from demijohn.contexts.context import AppContext, RequestContext
from demijohn.contexts.namespace import _AppCtxGlobals
from demijohn.contexts.current import (
    after_this_request, copy_current_request_context, has_app_context, has_request_context,
)  # fmt: skip

__all__ = [
    "AppContext", "RequestContext", "_AppCtxGlobals", "after_this_request", "copy_current_request_context",
    "has_app_context", "has_request_context",
]  # fmt: skip
