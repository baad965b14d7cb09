"""The extension: handlers in contexts of the application, and the server around it.

This module must not know the wire.
"""

from __future__ import annotations

import inspect
import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from socketio.exceptions import ConnectionRefusedError

from demijohn import Flask
from demijohn import json as demijohn_json
from demijohn.ext.realtime.background import BackgroundTask, sleep_here
from demijohn.ext.realtime.entry import attach
from demijohn.ext.realtime.namespace import Namespace
from demijohn.ext.realtime.recovery import Recovery
from demijohn.ext.realtime.server import Server
from demijohn.extend import (
    EitherWay, Finding, add_check, call, current_request, current_session, end_at_stop, is_async, later, serve_event,
    unproxied,
)  # fmt: skip
from demijohn.sessions import SessionMixin
from demijohn.ext.realtime.ports import Callback, Rooms

if TYPE_CHECKING:
    from demijohn import testing
    from demijohn.ext.realtime import queue, queue_recovery, test_client
else:
    queue = later("demijohn.ext.realtime.queue")  # brings redis
    queue_recovery = later("demijohn.ext.realtime.queue_recovery")  # likewise
    test_client = later("demijohn.ext.realtime.test_client")  # only tests
    testing = later("demijohn.testing")  # likewise

__all__ = ["SocketIO"]

F = TypeVar("F", bound=Callable[..., Any])

_log = logging.getLogger("demijohn.realtime")

_SAVED = "saved_session"


class ManagedSession(dict[str, Any], SessionMixin):
    """The session of a client's events: a copy of its browser's, made when it connects."""


class SocketIO:
    """Socket.IO for an application::

        socketio = SocketIO(app)

        @socketio.on("bid")
        def bid(lot, amount):
            emit("bid", amount, to=f"lot-{lot}")

    :param app: The application; else ``init_app`` is called with it.
    :param manage_session: Whether events of a client have a session of their own, a copy of its browser's from when it
        connected. False shares the browser's, which is of use where sessions are kept on the server.
    :param message_queue: The URL of a Redis or Valkey that brings events to all workers.
    :param channel: What its keys and channels begin with; ``flask-socketio`` by default.
    :param path: Below which it is served; ``socket.io`` by default. ``resource`` is the same.
    :param recovery: Seconds within which a client that lost its connection gets its id, its rooms and the events it
        missed back; None for never.
    :param options: Those of python-socketio's server and of python-engineio's, and ``max_queue`` (packets that may
        wait for a slow client, 256) and ``max_queue_size`` (their bytes, 8 MB).
    """

    reason = Server.reason

    def __init__(self, app: Flask | None = None, **options: Any) -> None:
        self.app: Flask | None = None
        self.server: Any = None
        self.server_options: dict[str, Any] = {}
        self.handlers: list[tuple[str, Callable[..., Any], str]] = []
        self.namespace_handlers: list[Namespace] = []
        self.exception_handlers: dict[str, Callable[..., Any]] = {}
        self.default_exception_handler: Callable[..., Any] | None = None
        self.manage_session = True
        self._told: set[str] = set()
        if app is not None or "message_queue" in options:
            self.init_app(app, **options)
        else:
            self.server_options.update(options)

    def init_app(self, app: Flask | None, **options: Any) -> None:
        """Serve Socket.IO in an application; with None, only send, through the queue.

        :param options: See the class; they are added to those it was made with.
        """
        kept = self.server_options
        kept.update(options)
        self.manage_session = kept.pop("manage_session", self.manage_session)
        path = (kept.pop("path", None) or kept.pop("resource", None) or "socket.io").strip("/")
        channel = kept.pop("channel", "flask-socketio")
        seconds = kept.pop("recovery", None)
        url = kept.pop("message_queue", None)
        mode = kept.pop("async_mode", None)
        if mode is not None and mode not in ("threading", "asgi"):
            self._tell_once(
                "async_mode",
                "Socket.IO needs no async_mode=%r here: it is served as the application is.",
                mode,
            )
        if app is not None:
            self.app = app = unproxied(app)
            app.extensions["socketio"] = self
            if kept.get("json") is demijohn_json:
                kept["json"] = app.json
        recovery: Any = None if seconds is None else Recovery(seconds)
        if url and "client_manager" not in options:
            kept["client_manager"] = queue.QueueManager(url, channel, write_only=app is None)
            if recovery is not None:
                recovery = queue_recovery.QueueRecovery(recovery.seconds, kept["client_manager"])
        self.server = Server(**_server_options(kept), recovery=recovery)
        self.async_mode = self.server.async_mode
        for message, handler, namespace in self.handlers:
            self.server.on(message, handler, namespace=namespace)
        for namespace_handler in self.namespace_handlers:
            self.server.register_namespace(namespace_handler)
        if app is not None:
            attach(app, path)
            add_check(app, self._findings)
            server = self.server
            end_at_stop(app, server.stop)
            app.after_serving(server.stop)

    def _findings(self, app: Flask) -> Iterator[Finding]:
        """What ``demijohn check --deploy`` is told."""
        engine = self.server.eio
        allowed = engine.cors_allowed_origins
        if allowed == "*" or allowed == [] or (isinstance(allowed, list) and "*" in allowed):
            yield Finding(
                "realtime-origins",
                "serious",
                "Pages of all origins may connect to Socket.IO (cors_allowed_origins).",
                "A page elsewhere acts with the cookies of whoever visits it.",
                "List the origins that may, or leave the option out for the own one.",
            )

    def _tell_once(self, what: str, words: str, *values: Any) -> None:
        if what not in self._told:
            self._told.add(what)
            _log.warning(words, *values)

    def tell_of_polling(self) -> None:
        """Say once that it is served where there are no WebSockets."""
        self._tell_once(
            "wsgi",
            "Socket.IO is served by WSGI or RSGI, so by polling only: demijohn run and ASGI servers have WebSockets",
        )  # fmt: skip
        self.server.eio.allow_upgrades = False

    def _served(self) -> Flask:
        """The application.

        :raises RuntimeError: where there is none.
        """
        if self.app is None:
            raise RuntimeError("This SocketIO has no application: call init_app with one.")
        return self.app

    # Handlers.

    def on(self, message: str, namespace: str | None = None) -> Callable[[F], F]:
        """Handle an event, by a ``def`` function in a thread or by an ``async def`` one on the loop.

        :param message: Its name; also ``connect``, ``disconnect``, ``message``, ``json``, and ``*`` for all others.
        :param namespace: Of which; ``*`` for all others.
        """
        of_namespace = namespace or "/"

        def decorator(handler: F) -> F:
            def handle(*given: Any) -> Any:
                # What stands for "*" comes before the client's id.
                args = list(given)
                real_message = args.pop(0) if message == "*" else message
                real_namespace = args.pop(0) if of_namespace == "*" else of_namespace
                sid = args.pop(0)
                if message == "*":
                    args.insert(0, real_message)
                return self.handle_event(handler, message, real_namespace, sid, *args)

            if self.server is not None:
                self.server.on(message, handle, namespace=of_namespace)
            self.handlers.append((message, handle, of_namespace))
            return handler

        return decorator

    def on_event(self, message: str, handler: Callable[..., Any], namespace: str | None = None) -> None:
        """:meth:`on`, as a plain call."""
        self.on(message, namespace)(handler)

    def event(self, *args: Any, **kwargs: Any) -> Any:
        """:meth:`on` for the event that has the function's name; with or without ``(namespace=...)``."""
        if len(args) == 1 and not kwargs and callable(args[0]):
            return self.on(args[0].__name__)(args[0])

        def decorator(handler: Callable[..., Any]) -> Callable[..., Any]:
            return self.on(handler.__name__, *args, **kwargs)(handler)

        return decorator

    def on_namespace(self, namespace_handler: Namespace) -> None:
        """Have a class handle the events of a namespace."""
        if not isinstance(namespace_handler, Namespace):
            raise ValueError(f"{namespace_handler!r} is no Namespace: make an instance of a subclass.")
        namespace_handler._set_socketio(self)
        if self.server is not None:
            self.server.register_namespace(namespace_handler)
        self.namespace_handlers.append(namespace_handler)

    def on_error(self, namespace: str | None = None) -> Callable[[F], F]:
        """Handle what handlers of a namespace raise; what it returns acknowledges the event."""

        def decorator(handler: F) -> F:
            self.exception_handlers[namespace or "/"] = _callable(handler)
            return handler

        return decorator

    def on_error_default(self, handler: F) -> F:
        """Handle what handlers of other namespaces raise."""
        self.default_exception_handler = _callable(handler)
        return handler

    async def handle_event(
        self, handler: Callable[..., Any], message: str | None, namespace: str, sid: str, *args: Any
    ) -> Any:
        """Call a handler in a context of its own: the application, a request with the event, the session."""
        server = self.server
        client = server.manager.clients.get(namespace, sid)
        if client is None:
            return server.not_handled
        app = self._served()
        connection = client.session.request
        environ = connection.environ
        request: Any = app.request_class(environ)
        request.sid, request.namespace = sid, namespace
        request.event = {"message": message, "args": args}
        request.recovered = client.recovered
        if message == "connect":
            args = args[1:] if _takes(handler, 1) else ()
        elif message == "disconnect" and not _takes(handler, 1):
            args = ()
        session = None
        if self.manage_session:
            session = environ.get(_SAVED)
            if session is None:
                session = environ[_SAVED] = await serve_event(app, request, _copied_session)
        run = self._run_async if is_async(handler) else self._run
        return await serve_event(app, request, run, handler, namespace, args, session=session)

    def _run(self, handler: Callable[..., Any], namespace: str, args: tuple[Any, ...]) -> Any:
        app = self._served()
        try:
            rv = handler(*args)
        except ConnectionRefusedError:
            raise
        except Exception as e:
            rv = _answered(e, [app.ensure_sync(f) for f in self._error_handlers(handler, namespace)])
        if not self.manage_session:
            self._save_session()
        return rv if not isinstance(rv, EitherWay) else None

    async def _run_async(self, handler: Callable[..., Any], namespace: str, args: tuple[Any, ...]) -> Any:
        try:
            rv = await handler(*args)
        except ConnectionRefusedError:
            raise
        except Exception as e:
            rv = await _answered_async(e, self._error_handlers(handler, namespace))
        if not self.manage_session:
            await call(self._save_session)
        return rv if not isinstance(rv, EitherWay) else None

    def _error_handlers(self, handler: Callback, namespace: str) -> list[Callable[..., Any]]:
        """Whom an error is told, each where the one before raises: the namespace's, or the default, and the class's."""
        of_class = getattr(handler, "__self__", None)
        found = [self.exception_handlers.get(namespace, self.default_exception_handler)]
        if isinstance(of_class, Namespace):
            found.append(getattr(of_class, "error", None))
        return [function for function in found if function is not None]

    def _save_session(self) -> None:
        app = self._served()
        session = current_session()
        if getattr(session, "modified", True):
            app.ensure_sync(app.session_interface.save_session)(app, session, app.response_class())

    # Sending.

    def emit(
        self, event: str, *args: Any, namespace: str | None = None, to: Rooms = None, room: Rooms = None,
        include_self: bool = True, skip_sid: Rooms = None, callback: Callback | None = None, ignore_queue: bool = False,
        broadcast: bool = True,
    ) -> EitherWay[None]:  # fmt: skip
        """Send an event, from anywhere: a view, a task, a script; to all of a namespace unless ``to`` says whom.

        See :func:`demijohn.ext.realtime.emit`, which sends to the client whose event is handled.
        """
        if not include_self and not skip_sid:
            skip_sid = getattr(current_request(), "sid", None)
        if callback is not None:
            callback = self._in_context(callback)
        data = args[0] if len(args) == 1 else args or None
        self.server.emit(
            event, data, namespace=namespace or "/", to=to or room, skip_sid=skip_sid, callback=callback,
            ignore_queue=ignore_queue,
        )  # fmt: skip
        return EitherWay()

    def _in_context(self, callback: Callback) -> Callback:
        """A callback that is called in a context of the client's, where an event of its was handled."""
        request: Any = _event_request()
        if request is None:
            return callback
        sid, namespace = request.sid, request.namespace

        def called(*values: Any) -> Any:
            return self.handle_event(callback, None, namespace, sid, *values)

        return called

    def send(
        self, data: object, json: bool = False, namespace: str | None = None, to: Rooms = None,
        callback: Callback | None = None, include_self: bool = True, skip_sid: Rooms = None, room: Rooms = None,
        ignore_queue: bool = False,
    ) -> EitherWay[None]:  # fmt: skip
        """Send a message: the event ``message``, or ``json``."""
        return self.emit(
            "json" if json else "message", data, namespace=namespace, to=to or room, callback=callback,
            include_self=include_self, skip_sid=skip_sid, ignore_queue=ignore_queue,
        )  # fmt: skip

    def call(
        self, event: str, *args: Any, namespace: str | None = None, to: Rooms = None, room: Rooms = None,
        timeout: float = 60, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """Send an event to one client and wait for what it acknowledges; in ``async def`` it is awaited."""
        data = args[0] if len(args) == 1 else args or None
        return self.server.call(
            event, data, namespace=namespace, to=to or room, timeout=timeout, ignore_queue=ignore_queue
        )

    def close_room(self, room: str, namespace: str | None = None) -> EitherWay[None]:
        """Let everybody out of a room."""
        return EitherWay(self.server.close_room(room, namespace))

    # Background work.

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> BackgroundTask:
        """Run a function, ``def`` in a thread or ``async def`` on the loop, in a context of the application."""
        return BackgroundTask(self.app, target, args, kwargs)

    def sleep(self, seconds: float = 0) -> Any:
        """Wait; in ``async def`` it is awaited."""
        return sleep_here(seconds)

    # Serving and testing.

    def run(
        self, app: Flask | None = None, host: str | None = None, port: int | None = None, **options: Any
    ) -> None:
        """Serve the application by ASGI, for development; ``demijohn run`` does the same.

        :param options: Those of ``app.run``; ``log_output`` is its ``access_log``.
        """
        served = self._served() if app is None else app
        options.pop("allow_unsafe_werkzeug", None)
        log_output = options.pop("log_output", None)
        if log_output is not None:
            options.setdefault("access_log", bool(log_output))
        served.run(host, port, **options)

    def stop(self) -> None:
        """Stop the server that :meth:`run` started; for a handler or a view of this process to call."""
        os.kill(os.getpid(), signal.SIGTERM)

    def test_client(
        self, app: Flask, namespace: str | None = None, query_string: str | None = None,
        headers: Mapping[str, str] | None = None, auth: object = None,
        flask_test_client: testing.FlaskClient | None = None,
    ) -> test_client.SocketIOTestClient:  # fmt: skip
        """A client that is connected in process, for tests.

        :param flask_test_client: A test client whose cookies it brings along.
        """
        return test_client.SocketIOTestClient(
            app, self, namespace=namespace, query_string=query_string, headers=headers, auth=auth,
            flask_test_client=flask_test_client,
        )  # fmt: skip


def _server_options(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kept.items() if name != "json" or value is not None}


def _answered(error: Exception, handlers: list[Callable[..., Any]]) -> Any:
    for handler in handlers:
        try:
            return handler(error)
        except Exception as e:
            error = e
    raise error


async def _answered_async(error: Exception, handlers: list[Callable[..., Any]]) -> Any:
    for handler in handlers:
        try:
            return await call(handler, error)
        except Exception as e:
            error = e
    raise error


def _copied_session() -> ManagedSession:
    return ManagedSession(current_session())


def _event_request() -> Any:
    """The request of the event that is handled, or None where none is."""
    try:
        request = current_request()
    except RuntimeError:
        return None
    return request if getattr(request, "sid", None) else None


def _callable(handler: F) -> F:
    if not callable(handler):
        raise ValueError(f"{handler!r} cannot be called, so it can handle no error.")
    return handler


def _takes(handler: Callable[..., Any], count: int) -> bool:
    """Whether a handler can be called with so many arguments; one that cannot tell can."""
    try:
        inspect.signature(handler).bind(*(None,) * count)
    except TypeError:
        return False
    except ValueError:
        return True
    return True
