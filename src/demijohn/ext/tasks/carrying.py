"""What a task takes along from where it was asked for: the request's id, the language, the address of the site.

Each thing has a name, a function that takes it where a task is sent, and one that gives it to the context of the run.
This module must not know what tasks are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from demijohn import Flask, app_ctx, extend, has_request_context
from demijohn.extend import carriers, current_request

#: What came with the task that runs here, and goes along with those that it sends.
_came: ContextVar[dict[str, Any]] = ContextVar("demijohn.tasks.came")


def _take_url_root() -> str | None:
    return current_request().url_root if has_request_context() else None


def _take_request_id() -> str | None:
    take = getattr(extend, "current_request_id", None)
    found: str | None = None if take is None else take()
    return found


def _give_request_id(request_id: str) -> None:
    give = getattr(extend, "carry_request_id", None)
    if give is not None:
        give(request_id)


def _give_url_root(root: str) -> None:
    """Have external addresses begin with where the site was asked for, not with ``SERVER_NAME``."""
    address = urlsplit(root)
    app_ctx.url_adapter = app_ctx.app.url_map.bind(
        address.netloc, script_name=address.path, url_scheme=address.scheme
    )


_OWN: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "request_id": (_take_request_id, _give_request_id),
    "url_root": (_take_url_root, _give_url_root),
}


def depart(app: Flask, names: Iterable[str]) -> dict[str, Any]:
    """What goes along with a task that is sent from here: of each name what is current, else what came here."""
    found = dict(_came.get({}))
    known = {**_OWN, **carriers(app)}
    for name in names:
        if name in known:
            value = known[name][0]()
            if value is not None:
                found[name] = value
    return found


def arrive(app: Flask, came: dict[str, Any] | None) -> None:
    """Give the context of a run what came with its task."""
    if not isinstance(came, dict) or not came:
        return
    _came.set(came)
    known = {**_OWN, **carriers(app)}
    for name, value in came.items():
        if name in known:
            known[name][1](value)
