"""demijohn: Flask and its family as one package.

Every public name is here; each is imported when it is first used, so that an application pays only
for what it uses. ``__init__.pyi`` tells type checkers the same names.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

_HOMES = {
    "app": ("Flask",),
    "setup.application": ("App",),
    "setup.blueprint": ("Blueprint",),
    "config": ("Config",),
    "contexts.current": (
        "after_this_request", "copy_current_request_context", "csp_nonce", "has_app_context", "has_request_context",
    ),
    "events.broadcast": ("Broadcast",),
    "events.message": ("BroadcastUnavailable", "Lagged", "Message"),
    "events.subscription": ("Subscription",),
    "globals": ("app_ctx", "current_app", "g", "request", "request_ctx", "session", "websocket"),
    "helpers": (
        "abort", "event_stream", "flash", "get_flashed_messages", "get_template_attribute", "is_safe_url",
        "make_response", "redirect", "safe_redirect", "send_file", "send_from_directory", "stream_with_context",
        "url_for",
    ),
    "http.sse": ("ServerSentEvent",),
    "json": ("jsonify",),
    "policy": ("Policy",),
    "wrappers.request": ("Request",),
    "wrappers.response": ("Response",),
    "signals": (
        "appcontext_popped", "appcontext_pushed", "appcontext_tearing_down", "before_render_template",
        "got_request_exception", "message_flashed", "request_finished", "request_started",
        "request_tearing_down", "template_rendered",
    ),
    "templating": (
        "render_block", "render_template", "render_template_string", "stream_template", "stream_template_string",
    ),
    "wrappers.disconnected": ("Disconnected",),
    "wrappers.websocket": ("Websocket",),
}  # fmt: skip

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

#: Public modules, reached as attributes too.
_MODULES = frozenset(
    {"blueprints", "cli", "ctx", "helpers", "json", "sessions", "signals", "templating", "testing", "typing",
     "views", "wrappers"}
)  # fmt: skip

__all__ = sorted([*_HOME_OF, "json"])  # noqa: PLE0605 (a list, made)


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is not None:
        value = getattr(import_module(f"{__name__}.{home}"), name)
    elif name in _MODULES:
        value = import_module(f"{__name__}.{name}")
    elif name == "__version__":
        value = import_module("importlib.metadata").version("demijohn")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The module's own namespace: our submodule "globals" hides the builtin of that name.
    setattr(sys.modules[__name__], name, value)
    return value


def __dir__() -> list[str]:
    return sorted({*vars(sys.modules[__name__]), *__all__, *_MODULES})
