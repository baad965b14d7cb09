"""Who looks at the requests of an application: decided when it is settled, by settings and extensions.

Where nobody looks, a request meets nothing of this. This module must not know how a request is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demijohn.dispatch.observation import Observing
from demijohn.dispatch.ports import Application
from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.dispatch import access_log
else:
    access_log = later("demijohn.dispatch.access_log")  # only where there is one

#: Seconds that a request may keep the event loop to itself, in debug mode.
LOOP_LIMIT = 0.1


def make_observing(app: Application, forward: Callable[[Any], None] | None) -> Observing | None:
    """What is done about each request; None where nobody looks."""
    observers: list[Any] = [*app.observers]
    logged = bool(app.own_setting("ACCESS_LOG"))
    if logged:
        observers.append(access_log.AccessLog(app.own_setting("ACCESS_LOG_FORMAT")))
    slow = app.own_setting("SLOW_REQUEST_SECONDS")
    if slow is not None:
        observers.append(access_log.SlowRequests(slow))
    ids = app.own_setting("REQUEST_IDS")
    if ids is None:
        ids = app.policy.request_ids and (logged or app.debug)
    if not observers and not ids:
        return None
    return Observing(observers, bool(ids), forward, slow is not None, LOOP_LIMIT if app.debug else None)
