"""An ASGI application below a server that does not speak ASGI: RSGI's exchange, or a WSGI server's thread.

Nothing is taken of the request's body before the application asks for it, and it sends no part of its answer before
the one before it was taken. This module must not know who calls it.

Standard: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from logging import getLogger
from typing import Any
from urllib.parse import quote

from werkzeug.datastructures import EnvironHeaders
from werkzeug.http import HTTP_STATUS_CODES

from demijohn.typing import ASGIApplication, Message, RawHeaders, Scope, StartResponse
from demijohn.waiting.drivers import wait
from demijohn.waiting.loops import tasks
from demijohn.wrappers.body import truncated
from demijohn.wrappers.request import decoded

_CHUNK = 64 * 1024


def scope_of(environ: Any, state: Mapping[str, Any] | None) -> Scope:
    """The HTTP scope of an environ.

    :param state: What the application's lifespan keeps for its requests.
    """
    root = environ.get("SCRIPT_NAME") or ""
    path = f"{root}{environ['PATH_INFO']}"
    make = getattr(environ, "make_headers", None)
    fields = EnvironHeaders(environ) if make is None else make()
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": decoded(path),
        "raw_path": quote(path, safe="/%:@!$&'()*+,;=~", encoding="latin-1").encode("ascii"),
        "query_string": (environ.get("QUERY_STRING") or "").encode("latin-1"),
        "root_path": decoded(root),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()
        ],
        "client": (environ.get("REMOTE_ADDR") or "", int(environ.get("REMOTE_PORT") or 0)),
        "server": (environ["SERVER_NAME"], int(environ.get("SERVER_PORT") or 0)),
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


class BridgedCall:
    """One call of an ASGI application: its answer's beginning, then its parts, which are taken one by one.

    To be used on one loop.

    :param app: The application.
    :param scope: What it is asked.
    :param read: Gives the next chunk of the request's body, ``b""`` at its end.
    """

    def __init__(self, app: ASGIApplication, scope: Scope, read: Callable[[], Awaitable[bytes]]) -> None:
        self.code = 0
        self.fields: RawHeaders = []
        self._app = app
        self._scope = scope
        self._read = read
        self._read_all = False
        #: Set when the answer is complete, or nobody wants it any more.
        self._over = asyncio.Event()
        self._gone = False
        #: The one part that nobody has taken yet; None is the end, an error what came instead.
        self._sent: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(1)

    async def begin(self) -> None:
        """Call the application, up to the beginning of its answer.

        :raises Exception: what it raised before that.
        """
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(self._run())
        tasks.add(task)  # a loop keeps only weak references
        task.add_done_callback(tasks.discard)
        await self._begun

    async def _run(self) -> None:
        error: Exception = RuntimeError("The ASGI application ended before its answer was complete.")
        try:
            await self._app(self._scope, self._receive, self._send)
        except Exception as e:
            error = e
            if self._over.is_set() and not self._gone:
                getLogger(__name__).exception("The ASGI application failed after its answer")
        if self._over.is_set():
            return
        if self._begun.done():
            await self._sent.put(error)
        else:
            self._begun.set_exception(error)

    async def _receive(self) -> Message:
        if self._read_all or self._over.is_set():
            await self._over.wait()
            return {"type": "http.disconnect"}
        chunk = await self._read()
        self._read_all = not chunk
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    async def _send(self, message: Message) -> None:
        if self._gone:
            raise OSError("The client has gone.")  # ASGI 2.4
        if message["type"] == "http.response.start":
            self.code = message["status"]
            self.fields = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        elif message["type"] == "http.response.body":
            if not self._begun.done():  # not before: what fails until then can still be answered
                self._begun.set_result(None)
            if body := bytes(message.get("body", b"")):
                await self._sent.put(body)
            if not message.get("more_body", False):
                await self._sent.put(None)
                self._over.set()
        else:
            raise ValueError(f"The ASGI message {message['type']!r} is not known here.")

    async def next_part(self) -> bytes | None:
        """The next part of the answer; None at its end.

        :raises Exception: what the application raised on the way.
        """
        part = await self._sent.get()
        if isinstance(part, Exception):
            raise part
        return part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (part := await self.next_part()) is not None:
            yield part

    async def aclose(self) -> None:
        """Want no more of it: the application hears of a client that has gone, unless it was done."""
        if not self._over.is_set():
            self._gone = True
            self._over.set()
            while not self._sent.empty():
                self._sent.get_nowait()


class WSGIAnswer:
    """The answer of an ASGI application to a WSGI server, whose thread waits for each part.

    The thread reads the request's body as well, because some servers let no other: whenever the application wants some.

    :param environ: The request's, whose ``wsgi.input`` is read.
    """

    def __init__(self, app: ASGIApplication, scope: Scope, environ: Any) -> None:
        self._input = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH")
        endless = environ.get("wsgi.input_terminated") or "HTTP_TRANSFER_ENCODING" in environ
        #: Bytes of the body that are left; None where it ends by itself.
        self._left = int(length) if length else (None if endless else 0)
        self._wanted: asyncio.Future[bytes] | None = None
        self._bell = asyncio.Event()
        self._step: asyncio.Future[Any] | None = None
        self._call = BridgedCall(app, scope, self._ask)

    def begin(self, start_response: StartResponse) -> WSGIAnswer:
        """Call the application, and start the answer once there is one."""
        try:
            self._until(self._call.begin)
            code = self._call.code
            start_response(f"{code} {HTTP_STATUS_CODES.get(code, 'Unknown').upper()}", self._call.fields)
        except BaseException:
            self.close()
            raise
        return self

    def _until(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """What ``work`` gives on the loop; what the application wants of the body meanwhile is read here."""
        while not wait(self._advance(work)):
            self._feed()
        step, self._step = self._step, None
        assert step is not None
        return step.result()

    async def _advance(self, work: Callable[[], Awaitable[Any]]) -> bool:
        """Whether ``work`` is done; else some of the body is wanted. On the loop."""
        if self._step is None:
            self._step = asyncio.ensure_future(work())
        bell = asyncio.ensure_future(self._bell.wait())
        await asyncio.wait((self._step, bell), return_when=asyncio.FIRST_COMPLETED)
        bell.cancel()
        return self._step.done()

    async def _ask(self) -> bytes:
        """Have the thread read. On the loop."""
        self._wanted = asyncio.get_running_loop().create_future()
        self._bell.set()
        return await self._wanted

    def _feed(self) -> None:
        wanted, self._wanted = self._wanted, None
        self._bell.clear()
        assert wanted is not None
        answer: Any
        try:
            set_it, answer = wanted.set_result, self._take()
        except Exception as e:
            set_it, answer = wanted.set_exception, e  # type: ignore[assignment]
        wanted.get_loop().call_soon_threadsafe(set_it, answer)

    def _take(self) -> bytes:
        left = self._left
        if left == 0:
            return b""
        data: bytes = self._input.read(_CHUNK if left is None else min(_CHUNK, left))
        if left is not None:
            if not data:
                raise truncated()
            self._left = left - len(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        part: bytes | None = self._until(self._call.next_part)
        if part is None:
            raise StopIteration
        return part

    def close(self) -> None:
        """Want no more of it."""
        wait(self._end())

    async def _end(self) -> None:
        await self._call.aclose()
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_exception(truncated())
        if self._step is not None:
            self._step.cancel()
