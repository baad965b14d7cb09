"""WSGI over Granian's ASGI interface, without an event loop: each request is answered in one of its threads.

Granian's own WSGI interface gives a header field with a byte beyond ASCII as an empty one; its ASGI interface
hands over the bytes. There the application is called by the thread that has the request, so that it costs no
hop. This module must not know processes, sockets or how an application is found.
"""

from __future__ import annotations

import sys
import time
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import lru_cache
from io import BufferedReader, BytesIO, RawIOBase
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from demijohn.adapters.asgi import encoded
from demijohn.adapters.environ import protocol_of
from demijohn.adapters.severing import ENDED_BY_CLOSING, WRITING_TIME, sever
from demijohn.devserver.ports import AnyApplication
from demijohn.typing import RawHeaders
from demijohn.wrappers.body import truncated

if TYPE_CHECKING:  # there is no such module at run time
    from _typeshed import WriteableBuffer

#: Logs one request: when it began by the clock, by the counter, its environ, the status.
AccessLog = Callable[[float, float, Any, int], None]


class NoLoop:
    """Stands for the event loop on which Granian calls back: it is called back at once, in Granian's thread."""

    #: What is made for each wait where Granian has no future of its own (Windows).
    create_future = Future

    def call_soon(self, callback: Callable[..., object], *args: Any, context: object = None) -> None:
        """Call it now."""
        callback(*args)

    call_soon_threadsafe = call_soon


def _wait(awaitable: Any) -> Any:
    """What one of Granian's awaitables comes to; it blocks this thread."""
    if not hasattr(awaitable, "add_done_callback"):
        try:
            next(awaitable)
        except StopIteration as stop:
            return stop.value
        raise RuntimeError(f"Granian's {awaitable!r} is not done, and cannot be waited for.")
    done = allocate_lock()
    done.acquire()
    awaitable.add_done_callback(lambda _: done.release())
    done.acquire()
    return awaitable.result()


def _key_of(name: bytes) -> str | None:
    """What a header field is called in an environ; None for one that would pass for another (``x_forwarded_for``)."""
    if b"_" in name:
        return None
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


_kept_key_of = lru_cache(maxsize=512)(_key_of)


#: What is the same for every request.
_COMMON: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}


def environ_of(scope: Any) -> dict[str, Any]:
    """The environ of a request (PEP 3333), from its ASGI scope.

    A plain dictionary and made at once, because middleware may change it and copy it as it likes.
    """
    environ = _COMMON.copy()
    raw: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    environ["REQUEST_METHOD"] = scope["method"]
    environ["PATH_INFO"] = (unquote_to_bytes(raw) if b"%" in raw else raw).decode("latin-1")
    environ["QUERY_STRING"] = text = query.decode("latin-1")
    target = raw.decode("latin-1")
    environ["REQUEST_URI"] = environ["RAW_URI"] = f"{target}?{text}" if text else target
    environ["SERVER_PROTOCOL"] = protocol_of(scope["http_version"])
    environ["SERVER_NAME"], environ["SERVER_PORT"] = scope["server"]
    environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = scope["client"]
    environ["wsgi.url_scheme"] = scope["scheme"]
    environ["wsgi.errors"] = sys.stderr
    for name, value in scope["headers"]:
        key = _kept_key_of(name) if len(name) < 64 else _key_of(name)  # a sender does not choose what is kept
        if key is None:
            continue
        if key in environ:
            joint = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{joint}{value.decode('latin-1')}"
        else:
            environ[key] = value.decode("latin-1")
    if not environ.get("HTTP_HOST") and scope["http_version"] in ENDED_BY_CLOSING:
        environ.pop("HTTP_HOST", None)  # Granian puts an empty one where HTTP/1.0 had none
    return environ


class Gateway:
    """Answers the requests that Granian hands over, so many at a time; the others wait in order.

    :param app: A WSGI application.
    :param threads: Most requests at a time. Granian must have a thread more, which wakes the others.
    :param log: Called after each request, if there is an access log.
    """

    def __init__(self, app: AnyApplication, threads: int, log: AccessLog | None) -> None:
        self._app, self._free, self._log = app, threads, log
        self._lock = allocate_lock()
        self._waiting: deque[Any] = deque()

    def __call__(self, watcher: Any) -> None:
        """Answer a request, and after it those that came meanwhile; nothing is raised.

        :param watcher: Granian's: it has the scope and the protocol, and is told of the end.
        """
        with self._lock:
            if not self._free:
                self._waiting.append(watcher)
                return
            self._free -= 1
        while True:
            try:
                Answer(self._app, watcher.scope, watcher.proto).give(self._log)
            except BaseException as error:  # SystemExit too: it cuts what is in flight at the end of a drain
                watcher.err(error)
            else:
                watcher.done()
            with self._lock:
                if not self._waiting:
                    self._free += 1
                    return
                watcher = self._waiting.popleft()


class Answer:
    """One request and its answer."""

    __slots__ = ("_app", "_body", "_fields", "_proto", "_scope", "_sent", "_status")

    def __init__(self, app: AnyApplication, scope: Any, proto: Any) -> None:
        self._app, self._scope, self._proto = app, scope, proto
        self._status, self._sent = 0, False
        self._fields: RawHeaders = []
        self._body: Body | None = None

    def give(self, log: AccessLog | None) -> None:
        """Call the application and send what it answers."""
        environ = environ_of(self._scope)
        environ["wsgi.input"] = self._input()
        if log is None:
            self._run(environ)
            return
        began, counter = time.time(), time.perf_counter()
        try:
            self._run(environ)
        except BaseException:
            log(began, counter, environ, self._status if self._sent else 500)
            raise
        log(began, counter, environ, self._status)

    def _input(self) -> Any:
        scope = self._scope
        for name, _ in scope["headers"]:
            if name == b"content-length" or name == b"transfer-encoding":
                break
        else:
            # HTTP/2 has bodies that no field announces.
            if scope["http_version"] != "2" or scope["method"] in ("GET", "HEAD"):
                return BytesIO()
        self._body = Body(self._proto)
        return BufferedReader(self._body, 64 * 1024)

    def _run(self, environ: dict[str, Any]) -> None:
        try:
            self._call(environ)
        except Exception:
            # Granian cuts the connection, by which HTTP/1.0 ends a body that is whole, too.
            if self._sent and self._scope["http_version"] in ENDED_BY_CLOSING:
                time.sleep(WRITING_TIME)
                sever(self._scope["client"], self._scope["server"], reset=True)
            raise

    def _call(self, environ: dict[str, Any]) -> None:
        parts: Iterable[bytes] = self._app(environ, self._start_response)
        try:
            if parts.__class__ is list and not self._sent:
                self._whole(b"".join(parts))
            else:
                self._stream(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def _start_response(
        self, status: str, headers: RawHeaders, exc_info: Any = None
    ) -> Callable[[bytes], None]:
        if exc_info is not None and self._sent:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status, self._fields = int(status[:3]), headers
        return self._part

    def _start(self) -> None:
        if not self._status:
            raise RuntimeError("The application returned without having called start_response().")
        send = self._proto.send
        send({"type": "http.response.start", "status": self._status, "headers": encoded(self._fields)})
        self._sent = True

    def _whole(self, body: bytes) -> None:
        self._start()
        self._proto.send({"type": "http.response.body", "body": body})

    def _part(self, part: bytes) -> None:
        if not self._sent:
            self._start()
        _wait(self._proto.send({"type": "http.response.body", "body": part, "more_body": True}))

    def _stream(self, parts: Iterable[bytes]) -> None:
        body = self._body
        if body is None:
            body = self._body = Body(self._proto)
        for part in parts:
            if part:
                self._part(part)
                # Sending to a client that has gone goes on in silence.
                if body.client_has_gone():
                    return
        if not self._sent:
            self._start()
        _wait(self._proto.send({"type": "http.response.body", "body": b""}))


class Body(RawIOBase):
    """A request's body as it arrives, and afterwards whether the client is still there."""

    def __init__(self, proto: Any) -> None:
        self._receive = proto.receive
        self._chunk = memoryview(b"")
        self._ended = self._gone = False
        self._next: Any = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer with what has arrived, after waiting for something."""
        while not self._chunk and not self._ended:
            pending, self._next = self._next, None
            self._take(_wait(self._receive() if pending is None else pending))
        if self._gone and not self._chunk:
            raise truncated()
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._chunk))
        room[:size] = self._chunk[:size]
        self._chunk = self._chunk[size:]
        return size

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.disconnect":
            self._gone = True
            self._ended = True
            return
        self._chunk = memoryview(message["body"])
        self._ended = not message["more_body"]

    def client_has_gone(self) -> bool:
        """Whether the client has gone, as far as that is known; never blocks."""
        if self._gone:
            return True
        if self._chunk:
            return False  # a body that nobody has read yet is in the way
        if self._next is None:
            self._next = self._receive()
        if hasattr(self._next, "done") and not self._next.done():
            return False
        pending, self._next = self._next, None
        self._take(_wait(pending))
        return self._gone


def scheduler(granian: Any, app: AnyApplication, threads: int, log_format: str | None) -> Any:
    """What Granian's ASGI worker hands its requests to, so that they are answered by WSGI.

    :param granian: The parts of Granian that are used.
    """
    log = granian.wsgi._build_access_logger(log_format) if log_format else None

    class Scheduler(granian.CallbackScheduler):  # type: ignore[misc]
        """Calls the gateway where Granian's own would hand a coroutine to an event loop."""

        def __init__(self, *args: object) -> None:
            super().__init__()
            self._schedule_fn = Gateway(app, threads, log)

    return Scheduler(NoLoop(), None, None, None, None)
