"""The signals the framework sends, on blinker.

A sender checks ``signal.receivers`` before it sends, because a signal nobody listens to costs
five times as much to send as to test. This module must not know who sends or listens.

The names are Flask's, and Quart's for sockets and for the life of the server.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Protocol

from blinker import NamedSignal, Namespace

__all__ = [
    "Namespace",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "got_background_exception",
    "got_request_exception",
    "got_serving_exception",
    "got_websocket_exception",
    "message_flashed",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "template_rendered",
    "websocket_finished",
    "websocket_received",
    "websocket_sent",
    "websocket_started",
    "websocket_tearing_down",
]


class Sender(Protocol):
    """An application, as far as sending signals goes."""

    def wrap_receiver(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """An async receiver in a form that sync code can call."""
        ...


#: Whether anybody is connected to a signal of a request or a context.
listening = False


class _Receivers(dict[Any, Any]):
    """The receivers of such a signal. PERF: they keep one flag, so that requests test that, not six signals."""

    def __setitem__(self, key: Any, value: Any) -> None:
        global listening
        super().__setitem__(key, value)
        listening = True

    def pop(self, *args: Any) -> Any:
        """Let one go: it was disconnected, or is no more."""
        value = super().pop(*args)
        _look_again()
        return value

    def clear(self) -> None:
        """Let all go."""
        super().clear()
        _look_again()


class _SendersOf(defaultdict[Any, set[Any]]):
    """By receiver, the senders that it hears. One that hears none any more is no receiver, which blinker keeps it as.

    :param receivers: Those of the signal.
    """

    def __init__(self, receivers: _Receivers) -> None:
        super().__init__()
        self._receivers = receivers

    def __missing__(self, receiver: Any) -> set[Any]:
        senders = self[receiver] = _Senders(self._receivers, receiver)
        return senders


class _Senders(set[Any]):
    """The senders that one receiver hears."""

    def __init__(self, receivers: _Receivers, receiver: Any) -> None:
        super().__init__()
        self._let_go = partial(receivers.pop, receiver, None)

    def discard(self, sender: Any) -> None:
        """Let one go: the receiver was disconnected from it, or it is no more."""
        super().discard(sender)
        if not self:
            self._let_go()


def _look_again() -> None:
    global listening
    listening = any(signal.receivers for signal in _of_requests)


# Extensions make their own namespaces; this one holds only what the framework sends.
_signals = Namespace()
_define = _signals.signal
_of_requests: list[NamedSignal] = []


def _define_for_requests(name: str) -> NamedSignal:
    signal = _define(name)
    signal.receivers = receivers = _Receivers()
    signal._by_receiver = _SendersOf(receivers)
    _of_requests.append(signal)
    return signal


def send_signal(signal: NamedSignal, app: Sender, /, **values: Any) -> None:
    """Send a signal from code that cannot await: async receivers are waited for, or on a loop become tasks.

    :param app: The sender; it says how an async receiver is called (:meth:`App.wrap_receiver`).
    """
    if signal.receivers:
        signal.send(app, _async_wrapper=app.wrap_receiver, **values)


def sending(signal: NamedSignal, sender: Any, **values: Any) -> Generator[Any, Any, None]:
    """Send a signal in steps: what async receivers return is yielded, to be awaited."""
    if signal.is_muted:
        return
    for receiver in tuple(signal.receivers_for(sender)):
        rv = receiver(sender, **values)
        if hasattr(rv.__class__, "__await__"):
            yield rv


#: Sent with ``template`` and ``context`` when a template is about to be rendered.
before_render_template = _define("before-render-template")
#: Sent with ``template`` and ``context`` when a template was rendered.
template_rendered = _define("template-rendered")

#: Sent when the context of a request is there and nothing has run yet.
request_started = _define_for_requests("request-started")
#: Sent with ``response`` right before it goes out.
request_finished = _define_for_requests("request-finished")
#: Sent with ``exc`` when the request is torn down, whether or not it failed.
request_tearing_down = _define_for_requests("request-tearing-down")
#: Sent with ``exception`` when a request ends in an unhandled exception, before the 500 is made.
got_request_exception = _define("got-request-exception")

#: Sent when an application context became the current one.
appcontext_pushed = _define_for_requests("appcontext-pushed")
#: Sent when an application context stopped being the current one.
appcontext_popped = _define_for_requests("appcontext-popped")
#: Sent with ``exc`` when an application context is torn down.
appcontext_tearing_down = _define_for_requests("appcontext-tearing-down")

#: Sent with ``message`` and ``category`` when a message is flashed.
message_flashed = _define("message-flashed")

#: Sent when a socket's context is there and nothing has run yet.
websocket_started = _define("websocket-started")
#: Sent with ``data`` for each message received.
websocket_received = _define("websocket-received")
#: Sent with ``data`` for each message sent.
websocket_sent = _define("websocket-sent")
#: Sent with ``response``, or None once accepted, when a socket's view has ended.
websocket_finished = _define("websocket-finished")
#: Sent with ``exc`` when a socket's context is torn down.
websocket_tearing_down = _define("websocket-tearing-down")
#: Sent with ``exception`` when a socket's view ends in an unhandled exception.
got_websocket_exception = _define("got-websocket-exception")

#: Sent with ``exception`` when a background task ends in one.
got_background_exception = _define("got-background-exception")
#: Sent with ``exception`` when a start-up, shut-down or while-serving hook ends in one.
got_serving_exception = _define("got-serving-exception")
