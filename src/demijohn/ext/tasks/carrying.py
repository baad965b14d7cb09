"""What a task takes along from where it was asked for: the request's id, the language, the address of the site.

The names are those of :func:`demijohn.extend.add_carrier`. This module must not know what tasks are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from demijohn import Flask, app_ctx, has_request_context
from demijohn.extend import add_carrier, carried, carrying, current_request

#: What came with the task that runs here, and goes along with those that it sends.
_came: ContextVar[dict[str, Any]] = ContextVar("demijohn.tasks.came")


def carry_address(app: Flask) -> None:
    """Have the address of the site go along, as ``url_root``."""
    add_carrier(app, "url_root", _take_url_root, _give_url_root)


def _take_url_root() -> str | None:
    return current_request().url_root if has_request_context() else None


def _give_url_root(root: str) -> None:
    """Have external addresses begin with where the site was asked for, not with ``SERVER_NAME``."""
    address = urlsplit(root)
    app_ctx.url_adapter = app_ctx.app.url_map.bind(
        address.netloc, script_name=address.path, url_scheme=address.scheme
    )


def depart(app: Flask, names: Iterable[str]) -> dict[str, Any]:
    """What goes along with a task that is sent from here: of each name what is current, else what came here."""
    return {**_came.get({}), **carried(app, names)}


@contextmanager
def arriving(app: Flask, came: object) -> Iterator[None]:
    """Around a run: its context has what came with its task."""
    if not isinstance(came, dict):  # somebody else's message
        yield
        return
    _came.set(came)
    with carrying(app, came):
        yield
