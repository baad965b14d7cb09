"""Where a server enters an application, by each protocol, and what it tells it besides.

One of our applications has a lifecycle and an entry of its own for each protocol; anybody else's is taken as
it is. This module must not know a server.
"""

from __future__ import annotations

import inspect
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import TypeGuard

from demijohn.devserver.ports import AnyApplication, Application, RSGIEntry
from demijohn.typing import ASGIApplication


def is_ours(app: AnyApplication) -> TypeGuard[Application]:
    """Whether an application is one of ours, known by its lifecycle."""
    return hasattr(app, "lifecycle")


def has_async(app: AnyApplication) -> bool:
    """Whether an application has async code; of one that is not ours, only the form can tell."""
    if is_ours(app):
        return app.has_async
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


def asgi_entry(app: AnyApplication) -> ASGIApplication:
    """What is called by ASGI.

    Instrumentation made for Flask replaces ``__call__`` by one that knows WSGI only, so one of our
    applications is entered by ``asgi_app``.
    """
    entry: ASGIApplication = getattr(app, "asgi_app", app)
    return entry


def wsgi_entry(app: AnyApplication) -> AnyApplication:
    """What is called by WSGI, once the application has started up."""
    choose: Callable[[], AnyApplication] | None = getattr(app, "wsgi_entry", None)
    return app if choose is None else choose()


def rsgi_entry(app: AnyApplication) -> RSGIEntry:
    """What is called by RSGI."""
    entry: RSGIEntry = getattr(app, "__rsgi__", app)
    return entry


def start_rsgi(app: AnyApplication, loop: AbstractEventLoop) -> None:
    """Tell an RSGI application that a worker starts; its loop does not run yet."""
    _tell(app, "__rsgi_init__", loop)


def stop_rsgi(app: AnyApplication, loop: AbstractEventLoop) -> None:
    """Tell an RSGI application that the worker ends; its loop runs no more."""
    _tell(app, "__rsgi_del__", loop)


def _tell(app: AnyApplication, name: str, loop: AbstractEventLoop) -> None:
    hook: Callable[[AbstractEventLoop], None] | None = getattr(app, name, None)
    if hook is not None:
        hook(loop)
