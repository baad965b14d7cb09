"""The contexts as Flask 3.1 has them, and its two context variables, over the one of this package.

In Flask 3.1 a request and an application context are pushed apart: an application context pushed
while a request is handled leaves ``request`` and ``session`` as they are. Flask 3.2 merges the two;
so does this package. Here both shapes work: ``request_ctx`` is the request's context, ``app_ctx`` the
context that ``g`` belongs to, and a request's context has everything of an application context.
"""

from __future__ import annotations

from contextvars import Token
from typing import Any

from demijohn.contexts import context
from demijohn.contexts.context import current
from demijohn.contexts.local import make_proxy
from demijohn.contexts.proxies import NO_REQUEST

_MISSING: Any = object()


_begin = context.RequestContext.begin  # PERF: not by super(), which costs every request 0.1 us


class RequestContext(context.RequestContext):
    """A request's context.

    Flask opens the session of every request. Here a request without a cookie gets its empty session
    when something looks at it, which nobody can tell; see also ``request_ctx`` below.
    """

    def begin(self) -> None:
        """Make this request current, and its session open unless nothing can come of that."""
        _begin(self)
        way = self.way
        if way.opens_early and self._session is None:
            cookies = self._environ.get("HTTP_COOKIE")
            if cookies is None and not way.watched:
                return
            if not way.watched and self.app.config["SESSION_COOKIE_NAME"] not in cookies:
                return
            try:
                self.open_session()
            except Exception as e:
                # Handled where a view's would be: in the pipeline, which is not entered yet.
                self.routing_exception = e

    @property
    def session(self) -> Any:
        """The session; asking for it counts as accessing it."""
        session = self._session
        if session is None:
            if not self._tokens:
                raise AssertionError("The session has not yet been opened.")
            session = self.open_session()
        session.accessed = True
        return session

    @session.setter
    def session(self, value: Any) -> None:
        self._session = value

    def push(self) -> None:
        """Make this request current, its session open and its route found."""
        super().push()
        if self._session is None:
            self.open_session()


class AppContext(context.AppContext):
    """An application's context; pushed while a request is handled, it leaves the request visible."""

    __repr__ = object.__repr__

    def push(self) -> None:
        """Make this context the current one. May be nested; each push needs a pop."""
        outer = current.get(None)
        super().push()
        if isinstance(outer, context.RequestContext):
            current.set(_Inside(self, outer))

    def _stay(self, push: int) -> None:
        outer = current.get(None)
        super()._stay(push)
        if isinstance(outer, context.RequestContext):
            current.set(_Inside(self, outer))


class _Inside(RequestContext):
    """What is current in an application context within a request: the context's ``g``, the request's rest."""

    def __init__(self, inner: AppContext, outer: Any) -> None:
        self.app = inner.app
        self._scope = inner
        #: The request's own context.
        self.outer: Any = outer.outer if isinstance(outer, _Inside) else outer

    @property
    def pushed(self) -> context.AppContext:
        """The application's context, which is what was pushed."""
        return self.scope


def _shared(name: str) -> property:
    def read(self: _Inside) -> Any:
        return getattr(self.outer, name)

    def write(self: _Inside, value: Any) -> None:
        setattr(self.outer, name, value)

    def delete(self: _Inside) -> None:
        delattr(self.outer, name)

    return property(read, write, delete)


for _name in (
    "request", "_request", "_environ", "view_args", "routing_exception", "session", "_session", "_flashes",
    "_after_request_functions", "plan", "error", "holds", "state", "url_adapter", "_tokens", "way",
    "_gone",
):  # fmt: skip
    setattr(_Inside, _name, _shared(_name))


def _own(ctx: Any) -> Any:
    return ctx.outer if isinstance(ctx, _Inside) else ctx


class _Variable:
    """One of Flask 3.1's two context variables, with the methods of a :class:`contextvars.ContextVar`.

    COMPAT: Flask's own tests, Flask-SocketIO and copies of ``copy_current_request_context`` in
    applications use them directly.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def _find(self, ctx: Any) -> Any:
        """What this variable holds while ``ctx`` is current, or None."""
        raise NotImplementedError

    def get(self, default: Any = _MISSING) -> Any:
        """The current context, or ``default``; ``LookupError`` when there is neither."""
        ctx = current.get(None)
        found = None if ctx is None else self._find(ctx)
        if found is not None:
            return found
        if default is _MISSING:
            raise LookupError(self)
        return default

    def set(self, value: Any) -> Token[Any]:
        """Make ``value`` current, without pushing it."""
        return current.set(value)

    def reset(self, token: Token[Any]) -> None:
        """Undo the :meth:`set` that returned ``token``."""
        current.reset(token)

    def __call__(self) -> Any:
        # COMPAT: LocalProxy(_cv_app) takes a real ContextVar, or whatever can be called.
        try:
            return self.get()
        except LookupError:
            raise RuntimeError(f"Working outside of the context of {self.name}.") from None

    def __repr__(self) -> str:
        return f"<ContextVar name={self.name!r}>"


class _AppVariable(_Variable):
    def _find(self, ctx: Any) -> Any:
        return ctx.scope


class _RequestVariable(_Variable):
    def _find(self, ctx: Any) -> Any:
        if not isinstance(ctx, context.RequestContext):
            return None
        found = _own(ctx)
        # Whoever gets the context by Flask's names finds its session open, as Flask's always is.
        if found._session is None and found._tokens and found.way.opens_early:
            found.open_session()
        return found


_cv_app = _AppVariable("flask.app_ctx")
_cv_request = _RequestVariable("flask.request_ctx")


def _request_context() -> Any:
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(NO_REQUEST)
    return ctx


#: The context of the current request.
request_ctx: Any = make_proxy("RequestContextProxy", _request_context)
