"""Messages that survive one redirect: put in the session by one request, taken out by a later one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from demijohn.contexts.proxies import current_app, get_request_context
from demijohn.signals import message_flashed, send_signal


def flash(message: object, category: str = "message") -> None:
    """Keep a message for the next time :func:`get_flashed_messages` is asked.

    :param message: The text, or what becomes one: markup, a lazy text.
    :param category: Such as ``message``, ``error``, ``info`` or ``warning``; any other will do.
    """
    # The list is taken out and put back, because a session notes what is set, not what is changed.
    session = get_request_context().session
    flashes = [*session.get("_flashes", ()), (category, message)]
    session["_flashes"] = flashes
    app = current_app._get_current_object()
    send_signal(message_flashed, app, message=message, category=category)


def get_flashed_messages(with_categories: bool = False, category_filter: Iterable[str] = ()) -> list[Any]:
    """The messages flashed since the last request that took them; again the same in one request.

    :param with_categories: Give ``(category, message)`` pairs instead of messages.
    :param category_filter: Give only messages of these categories.
    """
    ctx = get_request_context()
    flashes = ctx.flashes
    if flashes is None:
        session = ctx.session
        flashes = session.pop("_flashes") if "_flashes" in session else []
        ctx.flashes = flashes
    if category_filter:
        flashes = [pair for pair in flashes if pair[0] in category_filter]
    if with_categories:
        return flashes
    return [message for _, message in flashes]
