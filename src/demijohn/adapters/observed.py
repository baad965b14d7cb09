"""Requests by WSGI that somebody looks at: around the adapter, which does not know of it.

The body is returned in a shape that the server closes when it has sent it. PERF: a request pays for what is here, 2 us
of a hello world, only where somebody looks. This module must not know what observers do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from demijohn.adapters import wsgi
from demijohn.adapters.ports import Application
from demijohn.contexts.context import current
from demijohn.contexts.request_ids import FIELD, KEY, received_or_new, request_id_of
from demijohn.contexts.way import Plan, Way
from demijohn.dispatch.observation import SEEN, Observation, Observing, says_id
from demijohn.typing import RawHeaders, StartResponse

__all__ = ["Mark", "WSGIObservation", "enter_wsgi", "is_usual", "serve_wsgi"]


class WSGIObservation(Observation):
    """A request that came by WSGI, and its answer's body, where that is in one piece: who has sent it closes it."""

    protocol = "wsgi"
    #: The body, as long as nobody was told that it was sent.
    parts: list[bytes] | None = None

    def __init__(
        self, app: Application, observing: Observing, environ: Any, start_response: StartResponse
    ) -> None:
        self.app = app
        self.observing = observing
        self.method = environ["REQUEST_METHOD"]
        self.path = environ["PATH_INFO"]
        self.environ = environ
        self.remote_addr = environ.get("REMOTE_ADDR", "")
        self._start = start_response
        self.began = perf_counter()

    def find_id(self) -> str:
        """See :class:`Observation`."""
        return request_id_of(self.environ)

    def header(self, name: str) -> str | None:
        """See :class:`Observation`."""
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        found: str | None = self.environ.get(key)
        return found

    @property
    def http_version(self) -> str:
        """See :class:`Observation`."""
        return str(self.environ.get("SERVER_PROTOCOL", "HTTP/1.1")).rpartition("/")[2]

    def start_response(self, status: str, headers: RawHeaders, exc_info: Any = None) -> Any:
        """What the application calls in the place of the server's."""
        observing = self.observing
        if observing.times:
            self.answered = perf_counter()
        try:
            self.status = _codes[status]
        except KeyError:
            self.status = _code(status)
        ctx = current.get(None)
        if ctx is not None:
            self.plan = ctx.plan
        if observing.ids and (is_usual(headers, self.plan) or not says_id(headers)):
            headers.append((FIELD, self.request_id))  # the list is the server's to change (PEP 3333)
        return self._start(status, headers) if exc_info is None else self._start(status, headers, exc_info)

    # The body.

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts or ())

    def __len__(self) -> int:
        return len(self.parts or ())

    def close(self) -> None:
        """Note that it was sent."""
        parts = self.parts
        if parts is not None:
            self.parts = None
            if not self.status:
                self.status = 500  # start_response was not called, which a server answers so
            for part in parts:
                self.sent += len(part)
            for end in self.observing.ends:
                end(self)


def is_usual(headers: RawHeaders, plan: Plan | None) -> bool:
    """Whether an answer has the fields of the short way and no others; PERF: half the price of a look at each (0.2 us).

    All others have those of their plan in front, or more fields than these.
    """
    return (
        plan is not None
        and plan.protects
        and len(headers) == len(plan.fields.plain) + 2
        and headers[1][0] == "Content-Length"
    )


_codes: dict[str, int] = {}


def _code(status: str) -> int:
    """The code of a status line. PERF: kept, as there are few (0.1 us)."""
    code = int(status[:3])
    if len(_codes) < 512:  # what follows the code is the application's to choose
        _codes[status] = code
    return code


def serve_wsgi(app: Application, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request of an application that has middleware around it, which may answer itself: for servers."""
    way = app._way or app.settle()
    answer = None if way.observing is None else enter_wsgi(app, way, environ, start_response, app)
    return app(environ, start_response) if answer is None else answer


def enter_wsgi(
    app: Application,
    way: Way,
    environ: Any,
    start_response: StartResponse,
    around: Callable[..., Iterable[bytes]] | None = None,
) -> Iterable[bytes] | None:
    """Answer a request that somebody looks at; None where it is to go on by itself.

    :param around: What to call instead of the adapter.
    """
    observing: Observing = way.observing
    seen_by = environ.get(SEEN)
    if seen_by is not None:
        if seen_by.__class__ is Mark and seen_by.app is app:
            return wsgi.serve(app, environ, seen_by.noting(start_response), True)
        if way.forward is not None and seen_by is not app:
            way.forward(environ)
        return None
    if way.forward is not None:
        way.forward(environ)
    if environ["PATH_INFO"] in way.health:
        return None
    environ[SEEN] = app  # and not the observation, which has the environ: nothing would free the two
    seen = WSGIObservation(app, observing, environ, start_response)
    if observing.ids:
        environ[KEY] = seen.request_id = received_or_new(environ.get("HTTP_X_REQUEST_ID"))
    for begin in observing.begins:
        begin(seen)
    body: Iterable[bytes]
    try:
        if around is None:
            body = wsgi.serve(app, environ, seen.start_response, True)
        else:
            body = around(environ, seen.start_response)
    except BaseException as e:
        seen.failed(e)
        raise
    finally:
        if observing.leaves:
            seen.leave()
    if not observing.ends:
        return body
    if not isinstance(body, list):
        return SeenBody(body, seen)
    seen.parts = body
    if way.watched:  # a test client need neither read nor close what it was sent
        seen.close()
        return body
    return seen


class SeenBody:
    """The body of an answer in parts; who has sent it asks for another, or closes it."""

    def __init__(self, body: Iterable[bytes], seen: Observation) -> None:
        self._body = body
        self._parts = iter(body)
        self._seen: Observation | None = seen

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        seen = self._seen
        try:
            part = next(self._parts)
        except StopIteration:
            self._finish()
            raise
        except BaseException as e:
            if seen is not None:
                seen.error = e
            raise
        if seen is not None:
            seen.sent += len(part)
        return part

    def close(self) -> None:
        """Close the body, and note that it was sent."""
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._finish()

    def _finish(self) -> None:
        seen, self._seen = self._seen, None
        if seen is not None:
            seen.finish()


class Mark:
    """Left in a scope that somebody looks at, for the application: it may be called by WSGI, within middleware."""

    __slots__ = ("app", "plan")

    def __init__(self, app: Application) -> None:
        self.app = app
        self.plan: Plan | None = None

    def noting(self, start_response: StartResponse) -> StartResponse:
        """The same, and what routing found is noted: the server's loop has no context of that request."""

        def start(status: str, headers: RawHeaders, *exc_info: Any) -> Any:
            ctx = current.get(None)
            self.plan = None if ctx is None else ctx.plan
            return start_response(status, headers, *exc_info)

        return start
