"""The one context object of a request (or of a command, a job, a test).

``current`` is the only context variable: it holds the :class:`AppContext` that is active, which
is a :class:`RequestContext` while a request is handled. This module must not know how a request
is dispatched; what has to happen around a context (matching, teardown) is asked of its app.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, TypeVar

from werkzeug.exceptions import HTTPException

from demijohn import variable
from demijohn.contexts.life import ENDED, LIFE, OPEN, STREAMED, above, move
from demijohn.contexts.patches import Patchable
from demijohn.contexts.ports import Application
from demijohn.contexts.received import Received
from demijohn.contexts.way import Way
from demijohn.signals import appcontext_popped, appcontext_pushed, send_signal
from demijohn.waiting.drivers import drive, drive_async

F = TypeVar("F", bound=Callable[..., Any])

current: ContextVar[AppContext] = variable.current

_NONE = Token.MISSING

#: "Whatever exception is being handled right now", as the default of ``exc`` parameters.
UNSET: Any = object()


class AppContext(Patchable):
    """Makes an application current: pushed for a command, a job or a test.

    Use it as a context manager.

    :param app: The application.
    """

    request: Any = None
    _request: Any = None
    plan: Any = None  # what routing found; the request is told when it is made
    #: The session, once it was asked for, where asking again needs no notice.
    _seen_session: Any = None
    request_id: str | None = None  # of the request that asked for this work
    _g: Any = None
    _url_adapter: Any = None
    kept: Any = None  # by extensions, see demijohn.contexts.kept
    #: What :data:`current` gave for each push, a list of :class:`~contextvars.Token`; None before the first.
    _tokens: Any = None

    def __init__(self, app: Application) -> None:
        self.app = app
        self._scope: AppContext | None = None
        self._tokens = []

    @property
    def scope(self) -> AppContext:
        """The context that owns ``g``: this one, or the one of the same app it was pushed inside."""
        return self._scope or self

    @property
    def pushed(self) -> AppContext:
        """The context that was pushed to make this one current: itself, unless it stands for another."""
        return self

    @property
    def g(self) -> Any:
        """The namespace of this context's scope, made when first asked for."""
        scope = self._scope or self
        value = scope._g
        if value is None:
            if scope._gone:
                scope._look("g")
            value = scope._g = self.app.app_ctx_globals_class()
        return value

    @g.setter
    def g(self, value: Any) -> None:
        self.scope._put("_g", value)

    @g.deleter
    def g(self) -> None:
        self.scope._delete("g")

    @property
    def url_adapter(self) -> Any:
        """Werkzeug's complete matcher and builder bound to this context, or None."""
        adapter = self._url_adapter
        if adapter is None:
            if self._gone:
                self._look("url_adapter")
            adapter = self._url_adapter = self._make_url_adapter()
        return adapter

    @url_adapter.setter
    def url_adapter(self, value: Any) -> None:
        self._put("_url_adapter", value)

    @url_adapter.deleter
    def url_adapter(self) -> None:
        self._delete("url_adapter")

    def _make_url_adapter(self) -> Any:
        return self.app.create_url_adapter(None)

    def push(self) -> None:
        """Make this context the current one. May be nested; each push needs a pop."""
        token = current.set(self)
        self._tokens.append(token)
        if appcontext_pushed.receivers:
            send_signal(appcontext_pushed, self.app)

    def pop(self, exc: BaseException | None = UNSET) -> None:
        """Undo the last push; the outermost pop runs the teardown functions.

        What was pushed later and is still there stays current.

        :param exc: The exception that ended the work, handed to the teardown functions.
        """
        last = len(self._tokens) == 1
        try:
            if last:
                error = sys.exc_info()[1] if exc is UNSET else exc
                found = current.get(None)
                if found is None or found is self or found.scope is self:
                    self.app.do_teardown_appcontext(error)
                else:
                    self._lend(self.app.do_teardown_appcontext, error)
        finally:
            self._leave()
        if appcontext_popped.receivers:
            send_signal(appcontext_popped, self.app)

    async def apop(self, exc: BaseException | None) -> None:
        """Undo the only push, from async code: teardown functions may be async."""
        try:
            await drive_async(self.settled().tear_down(self.app, self, exc))
        finally:
            self._leave()
            if self._scope is None:
                send_signal(appcontext_popped, self.app)

    def settled(self) -> Way:
        """What the application is for requests and teardowns; a request keeps what it began with."""
        return self.app._way or self.app.settle()

    def _leave(self) -> None:
        found = current.get(None)
        if not self._tokens:
            raise AssertionError(f"{self!r} was popped but never pushed.")
        if found is self:
            current.reset(self._tokens.pop())
            return
        later = above(self, found)
        current.reset(self._tokens.pop())
        if later is None:
            raise AssertionError(f"Popped wrong context. ({found!r} instead of {self!r})")
        for ctx, push in reversed(later):
            ctx._stay(push)

    def _stay(self, push: int) -> None:
        """Be current again by the same push, over what is current now: a context below is gone."""
        self._tokens[push] = current.set(self)

    def _lend(self, step: Callable[..., object], *args: Any) -> None:
        """Take a step of the end with this context current, though another was pushed after it."""
        token = current.set(self)
        try:
            step(*args)
        finally:
            current.reset(token)

    def __enter__(self) -> AppContext:
        self.push()
        return self

    def __exit__(
        self, exc_type: type | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.pop(exc_value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {id(self)} of {self.app.name}>"


class RequestContext(Received, AppContext):
    """Everything about one request: app, request, session, ``g``, matched route.

    :param app: The application.
    :param environ: The WSGI environ (or the mapping that stands for it under ASGI and RSGI).
    :param request: An existing request object, else one is made from ``environ`` when asked for.
    :param session: An existing session, else it is opened when first asked for.
    """

    # PERF: what every request reads is set on the instance, because 3.11 caches such look-ups and
    # not those that end at the class; what few requests need stays on the class.
    _flashes: list[tuple[str, str]] | None = None
    _scope = None
    nonce: str | None = None  # for its answer's Content-Security-Policy
    #: Whether who saves the session awaits what that returns, as the pipeline does.
    awaits_saving = False
    state = OPEN  # where it is in its life, see demijohn.contexts.life

    def __init__(self, app: Application, environ: Any, request: Any = None, session: Any = None) -> None:
        self.app = app
        #: What the application was when this request began.
        self.way = way = app._way or app.settle()
        self._environ = environ
        # PERF: no request object before somebody looks (0.5 us), unless making it does something.
        self._request = request if request is not None or way.lazy_request else app.request_class(environ)
        #: The values of the rule's variable parts, None when it has none.
        self.view_args: dict[str, Any] | None = None
        self.routing_exception: Exception | None = None
        self._tokens = None
        self._session = session
        self._after_request_functions: list[Callable[..., Any]] | None = None
        #: The unhandled exception, for the teardown functions.
        self.error: BaseException | None = None
        #: How many streamed bodies keep the teardown waiting.
        self.holds = 0

    @property
    def environ(self) -> Any:
        """The WSGI environ, or the mapping that stands for it."""
        return self._environ

    @property
    def request(self) -> Any:
        """The request object, made now if this is the first time it is asked for."""
        request = self._request
        if request is None:
            if self._gone:
                self._look("request")
            environ = self._environ
            if environ is None:
                environ = self.environ
            request = self._request = self.app.request_class(environ)
            # PERF: what tell_request does, without a call.
            plan = self.plan
            if plan is not None:
                request.url_rule = plan.rule
                arguments = self.view_args
                request.view_args = {} if arguments is None and plan.rule is not None else arguments
                if self.routing_exception is not None:
                    request.routing_exception = self.routing_exception
        return request

    @request.setter
    def request(self, value: Any) -> None:
        self._put("_request", value)

    @request.deleter
    def request(self) -> None:
        self._delete("request")

    def tell_request(self) -> None:
        """Leave on the request object, which was there before, what routing has found."""
        request, plan = self._request, self.plan
        request.url_rule = plan.rule
        request.view_args = {} if self.view_args is None and plan.rule is not None else self.view_args
        if self.routing_exception is not None:
            request.routing_exception = self.routing_exception

    @property
    def flashes(self) -> list[tuple[str, str]] | None:
        """Messages already taken from the session by this request."""
        if self._flashes is None and self._gone:
            self._look("flashes")
        return self._flashes

    @flashes.setter
    def flashes(self, value: list[tuple[str, str]] | None) -> None:
        self._put("_flashes", value)

    @flashes.deleter
    def flashes(self) -> None:
        self._delete("flashes")

    @property
    def session(self) -> Any:
        """The session, opened now if this is the first time it is asked for."""
        session = self._session
        if session is None:
            session = self.open_session()
        self._seen_session = session
        return session

    @session.setter
    def session(self, value: Any) -> None:
        self._session = self._seen_session = value

    def opened_session(self) -> Any:
        """The session, opened if need be, without the notice that somebody asked for it."""
        return self.open_session() if self._session is None else self._session

    def open_session(self) -> Any:
        """Open the session through the app's session interface and keep it."""
        app = self.app
        interface = app.session_interface
        session = interface.open_session(app, self.request)
        if session is None:
            session = interface.make_null_session(app)
        self._session = session
        return session

    def _make_url_adapter(self) -> Any:
        """Bound to the request; to the server when its Host was refused."""
        try:
            return self.app.create_url_adapter(self.request)
        except HTTPException:
            if self.routing_exception is None:
                raise
            return _neutral_url_adapter(self.app, self.request)

    def copy(self) -> RequestContext:
        """A context of the same request and session, to be pushed in another thread or task."""
        twin = object.__new__(type(self))
        # Not the type's own constructor, which may want what an adapter has.
        RequestContext.__init__(twin, self.app, self.environ, self.request, self._session)
        twin.plan, twin.view_args, twin.routing_exception = self.plan, self.view_args, self.routing_exception
        return twin

    def match_request(self) -> None:
        """Find the route and leave it, or the routing exception, on the request."""
        self.way.match(self.app, self)

    def push(self) -> None:
        """Make this request current; the first push opens what must be open and finds the route."""
        if self._tokens:
            self._tokens.append(current.set(self))
            return
        self.begin()
        if self._session is None and self.way.eager_session:
            self.open_session()
        if self.plan is None:
            self.way.match(self.app, self)

    def begin(self) -> None:
        """Make this request current, no more: the adapters go on from here themselves."""
        if self.state is not OPEN:
            self.state = LIFE[self.state, "pushed"]
        token = current.set(self)
        self._tokens = [token]
        if token.old_value is not _NONE:
            self.join(token.old_value)
        if appcontext_pushed.receivers and self._scope is None:
            send_signal(appcontext_pushed, self.app)

    def join(self, outer: AppContext) -> None:
        """Use the ``g`` of an application context of the same application, as in Flask 3.1; not instead of its own.

        A test client that sends requests through a loop pushes contexts here that began without one there.
        """
        if outer.app is self.app and self._g is None:
            self._scope = outer.scope

    def leave(self) -> None:
        """Make this request no longer current, its teardown done; the end for the adapters."""
        current.reset(self._tokens.pop())
        if self.error is not None or self.routing_exception is not None:
            self.forget()
        if appcontext_popped.receivers and self._scope is None and self.state is not STREAMED:
            send_signal(appcontext_popped, self.app)

    def hold(self) -> None:
        """Keep the teardown waiting for a streamed body."""
        self.state = LIFE[self.state, "hold"]
        self.holds += 1

    def released(self) -> bool:
        """Note that a streamed body has ended; whether the request is to be torn down now."""
        self.holds -= 1
        if self.holds:
            return False
        before, self.state = self.state, move(self.state, "released")
        return before is not ENDED and self.state is ENDED

    def gone(self) -> None:
        """Tell that the context is gone, and break the cycle an error on it would keep."""
        self.error = None
        if self._scope is None:
            send_signal(appcontext_popped, self.app)

    def forget(self) -> None:
        """Let go of errors: their frames would keep a cycle through this object, or through the request."""
        if self.state is STREAMED:
            return
        self.error = self.routing_exception = None
        if self._request is not None and not self.way.watched:
            self._request.routing_exception = None

    def pop(self, exc: BaseException | None = UNSET) -> None:
        """Undo the last push; the outermost pop tears the request down.

        All teardown functions run, even when one raises.

        :param exc: The unhandled exception of the request, if any.
        """
        if not self._tokens or len(self._tokens) != 1:
            self._leave()
            return
        try:
            self.state = LIFE[self.state, "popped"]
            if self.state is ENDED and self.plan is not None:  # else it failed on the way to being pushed
                steps = self.way.tear_down(self.app, self, sys.exc_info()[1] if exc is UNSET else exc)
                if current.get(None) is self:
                    drive(steps)
                else:
                    self._lend(drive, steps)
        finally:
            self._leave()
            self.gone()

    def settled(self) -> Way:
        """See :meth:`AppContext.settled`."""
        return self.way

    def __enter__(self) -> RequestContext:
        self.push()
        return self

    def __repr__(self) -> str:
        request = self.request
        return f"<{type(self).__name__} {request.url!r} [{request.method}] of {self.app.name}>"


def _neutral_url_adapter(app: Application, request: Any) -> Any:
    """Builds URLs for a request whose Host was refused: as if it had sent none."""
    host = request.refuse_host()
    url_map = app.url_map
    return url_map.bind(
        app.config["SERVER_NAME"] or host,
        script_name=request.root_path,
        subdomain=None if url_map.host_matching else url_map.default_subdomain or "",
        url_scheme=request.scheme,
        default_method=request.method,
        path_info=request.path,
    )
