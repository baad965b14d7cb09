"""Where a server enters an application, by each protocol, and what it tells it besides.

One of our applications has a lifecycle and an entry of its own for each protocol; anybody else's is taken as
it is. This module must not know a server.
"""

from __future__ import annotations

import inspect
from asyncio import AbstractEventLoop

from demijohn.devserver.ports import AnyApplication, ASGIApplication, Lifecycle


def asgi_entry(app: AnyApplication) -> ASGIApplication:
    """What is called by ASGI.

    Instrumentation made for Flask replaces ``__call__`` by one that knows WSGI only, so one of our
    applications is entered by ``asgi_app``.
    """
    entry: ASGIApplication = getattr(app, "asgi_app", app)
    return entry


def has_async(app: AnyApplication) -> bool:
    """Whether an application has async code; of one that is not ours, only the form can tell."""
    found: bool | None = getattr(app, "has_async", None)
    if found is not None:
        return found
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


def lifecycle_of(app: AnyApplication) -> Lifecycle | None:
    """What starts and stops an application under WSGI, if it is one of ours."""
    return getattr(app, "lifecycle", None)


def start_rsgi(app: AnyApplication, loop: AbstractEventLoop) -> None:
    """Tell an RSGI application that a worker starts; its loop does not run yet."""
    if hasattr(app, "__rsgi_init__"):
        app.__rsgi_init__(loop)


def stop_rsgi(app: AnyApplication, loop: AbstractEventLoop) -> None:
    """Tell an RSGI application that the worker ends; its loop runs no more."""
    if hasattr(app, "__rsgi_del__"):
        app.__rsgi_del__(loop)
