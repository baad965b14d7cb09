"""The extension: which limits a view is held to, and what answers one request too many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import unwrap
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from werkzeug.exceptions import ServiceUnavailable

from demijohn import Blueprint, Flask, Response, after_this_request, g, has_request_context
from demijohn.config import listed
from demijohn.ext.ratelimit.counts import Counts, Unavailable
from demijohn.ext.ratelimit.errors import RateLimitExceeded
from demijohn.ext.ratelimit.limit import HeaderNames, Limit, RequestLimit
from demijohn.ext.ratelimit.route import AROUND, RouteLimit, around_function
from demijohn.extend import (
    Finding, adapt_view, add_check, call, current_application, current_request, describe_routes, unproxied,
)  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
Given = str | Callable[[], str] | Limit

_HEADERS = {
    HeaderNames.LIMIT: "X-RateLimit-Limit",
    HeaderNames.REMAINING: "X-RateLimit-Remaining",
    HeaderNames.RESET: "X-RateLimit-Reset",
    HeaderNames.RETRY_AFTER: "Retry-After",
}


class Limiter:
    """Holds an application's views to limits.

    :param key_func: Tells one client from another, such as :func:`get_remote_address`.
    :param app: The application; or call :meth:`init_app` later.
    :param default_limits: For each view that has none of its own, by itself (``RATELIMIT_DEFAULT``).
    :param application_limits: For all views together (``RATELIMIT_APPLICATION``).
    :param headers_enabled: Tell clients how much is left (``RATELIMIT_HEADERS_ENABLED``).
    :param strategy: How time is cut up (``RATELIMIT_STRATEGY``): ``fixed-window``, ``moving-window``,
        ``sliding-window-counter``.
    :param storage_uri: Where counts are kept (``RATELIMIT_STORAGE_URI``).
    :param storage_options: What the storage takes besides (``RATELIMIT_STORAGE_OPTIONS``).
    :param when_unavailable: What happens while it cannot be reached (``RATELIMIT_WHEN_UNAVAILABLE``): ``"allow"``,
        which is logged once a minute, or ``"refuse"``, a 503.
    :param on_breach: Takes the :class:`RequestLimit` that was reached; what it returns other than None is answered.
    :param key_prefix: What all counts' names begin with (``RATELIMIT_KEY_PREFIX``).
    :param enabled: False holds nobody to anything (``RATELIMIT_ENABLED``).
    """

    def __init__(
        self, key_func: Callable[[], str], *, app: Flask | None = None,
        default_limits: Sequence[Given] = (), application_limits: Sequence[Given] = (),
        headers_enabled: bool | None = None, strategy: str | None = None, storage_uri: str | None = None,
        storage_options: dict[str, Any] | None = None, when_unavailable: str | None = None,
        on_breach: Callable[[RequestLimit], Response | None] | None = None, key_prefix: str | None = None,
        enabled: bool = True,
    ) -> None:  # fmt: skip
        self.key_func = key_func
        self.default_limits = default_limits
        self.application_limits = application_limits
        self.on_breach = on_breach
        self.enabled = enabled
        self._own = {
            "HEADERS_ENABLED": headers_enabled, "STRATEGY": strategy, "STORAGE_URI": storage_uri,
            "STORAGE_OPTIONS": storage_options, "WHEN_UNAVAILABLE": when_unavailable, "KEY_PREFIX": key_prefix,
        }  # fmt: skip
        #: Functions that a limit was written on, with what stands around each.
        self.marked: dict[Any, tuple[RouteLimit, ...]] = {}
        self.blueprint_limits: dict[Blueprint, list[RouteLimit]] = {}
        self._exempt: set[Any] = set()
        self._filters: list[Callable[[], bool]] = []
        self._states: WeakKeyDictionary[Flask, _State] = WeakKeyDictionary()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Hold an application's views to the limits.

        :raises ValueError: for a setting that cannot be one, and for a limit that cannot be read.
        """
        app = unproxied(app)
        state = self._states[app] = _State(self, app, self._own)
        app.extensions.setdefault("limiter", set()).add(self)
        adapt_view(app, state.adapted)
        describe_routes(app, state.described)
        add_check(app, state.check)

    # What is written on views.

    def limit(
        self, limit_value: str | Callable[[], str], *, key_func: Callable[[], str] | None = None,
        per_method: bool = False, methods: Sequence[str] | None = None,
        error_message: str | Callable[[], str] | None = None, exempt_when: Callable[[], bool] | None = None,
        override_defaults: bool = True, deduct_when: Callable[[Response], bool] | None = None,
        on_breach: Callable[[RequestLimit], Response | None] | None = None, cost: int | Callable[[], int] = 1,
        scope: str | Callable[[str], str] | None = None,
    ) -> RouteLimit:  # fmt: skip
        """A limit for a view, a blueprint, any function, or a ``with`` block; parameters as :class:`Limit`.

        :param override_defaults: False holds it to the default limits as well.
        """
        limit = Limit(
            limit_value, key_func, scope, cost, False, methods, per_method, error_message, exempt_when,
            deduct_when, on_breach,
        )  # fmt: skip
        return RouteLimit(self, limit, override_defaults)

    def shared_limit(
        self, limit_value: str | Callable[[], str], scope: str | Callable[[str], str], **options: Any
    ) -> RouteLimit:
        """A limit with one count for all that have it; options as :meth:`limit`.

        :param scope: The name of the count, or a function of the endpoint that says it.
        """
        made = self.limit(limit_value, scope=scope, **options)
        made.limit.shared = True
        return made

    def exempt(self, obj: T) -> T:
        """Hold a view, or the routes of a blueprint and of those in it, to no default limit."""
        self._exempt.add(unwrap(obj) if callable(obj) else obj)
        return obj

    def request_filter(self, fn: F) -> F:
        """Do not count a request of which ``fn()`` says so."""
        self._filters.append(fn)
        return fn

    # What requests ask.

    def check(self, counted: Iterable[Limit]) -> None:
        """Count the current request, in sync code.

        :raises RateLimitExceeded: when it is one too many.
        """
        if has_request_context() and self.enabled:
            self._state().count(counted)

    async def acheck(self, counted: Iterable[Limit]) -> None:
        """Count the current request, in async code: in a thread where the storage is somewhere else.

        :raises RateLimitExceeded: when it is one too many.
        """
        if not has_request_context() or not self.enabled:
            return
        state = self._state()
        if state.counts.in_memory:
            state.count(counted)
        else:
            await call(state.count, counted)

    def _state(self) -> _State:
        app = current_application()
        try:
            return self._states[app]
        except KeyError:
            raise RuntimeError(
                f"This limiter was not told of {app.name!r}: pass app=, or call limiter.init_app(app)."
            ) from None

    @property
    def current_limits(self) -> list[RequestLimit]:
        """What the current request has found of each limit, in their order."""
        found: list[RequestLimit] = g.get("_ratelimit_found", [])
        return found

    @property
    def current_limit(self) -> RequestLimit | None:
        """The limit that was reached, or the one of which least is left."""
        found = self.current_limits
        return min(found, key=lambda limit: (not limit.breached, limit.remaining)) if found else None

    @property
    def storage(self) -> Any:
        """The storage of the current application's counts, of the library ``limits``."""
        return self._state().counts.storage

    def reset(self) -> None:
        """Forget all counts of the current application."""
        self._state().counts.reset()

    def is_exempt(self, view: Any, names: Iterable[str], app: Flask) -> bool:
        """Whether a view is held to no default limit."""
        blueprints = (app.blueprints.get(name) for name in names)
        return view in self._exempt or any(blueprint in self._exempt for blueprint in blueprints)

    def passes(self) -> bool:
        """Whether a filter says that the current request is not counted."""
        return any(fn() for fn in self._filters)


class _State:
    """A limiter for one application: its settings, read once, and its counts."""

    def __init__(self, limiter: Limiter, app: Flask, own: dict[str, Any]) -> None:
        def setting(name: str, default: Any) -> Any:
            given = own.get(name)
            value = app.config.get(f"RATELIMIT_{name}") if given is None else given
            return default if value is None else value

        self.limiter = limiter
        limiter.enabled = limiter.enabled and app.config.get("RATELIMIT_ENABLED") is not False
        self.defaults = _limits(limiter.default_limits or app.config.get("RATELIMIT_DEFAULT"))
        together = limiter.application_limits or app.config.get("RATELIMIT_APPLICATION")
        self.application = _limits(together, scope="application", shared=True)
        self.prefix = setting("KEY_PREFIX", "")
        self.headers = _HEADERS if setting("HEADERS_ENABLED", False) else {}
        self.headers = {name: app.config.get(name.value) or field for name, field in self.headers.items()}
        self.when_unavailable = setting("WHEN_UNAVAILABLE", "allow")
        if self.when_unavailable not in {"allow", "refuse"}:
            raise ValueError(
                f"RATELIMIT_WHEN_UNAVAILABLE is {self.when_unavailable!r}: it is 'allow' or 'refuse'."
            )
        self.counts = Counts(
            setting("STORAGE_URI", "memory://"), setting("STORAGE_OPTIONS", {}), setting("STRATEGY", "fixed-window"),
            lambda text: app.logger.warning("%s (RATELIMIT_WHEN_UNAVAILABLE: %s)", text, self.when_unavailable),
        )  # fmt: skip
        self._app = ref(app)

    def adapted(self, rule: Any, view: Any) -> Any:
        """The view with what it is held to besides what is written on it; called once per rule."""
        added = self.held_to(rule, view)[1]
        return around_function(view, added) if added else view

    def described(self, rule: Any, view: Any) -> dict[str, str]:
        """What ``demijohn routes`` shows of a rule."""
        own, added = self.held_to(rule, view)
        limits = [route.limit.limit_provider for route in dict.fromkeys((*own, *added))]
        shown = [limit if isinstance(limit, str) else "by function" for limit in limits]
        return {"limits": "; ".join(shown)} if shown else {}

    def held_to(self, rule: Any, view: Any) -> tuple[tuple[RouteLimit, ...], tuple[RouteLimit, ...]]:
        """The limits that are written on a view, and those that it has to be adapted for."""
        app = self._app()
        if (
            app is None
            or view is None
            or rule.websocket
            or rule.endpoint == "static"
            or rule.endpoint.endswith(".static")
        ):
            return (), ()
        inner = unwrap(view)
        # Written above the route, and so not on what the route has.
        own = getattr(view, AROUND, ()) or self.limiter.marked.get(inner, ())
        own = tuple(route for route in own if route.limiter is self.limiter)
        added = () if hasattr(view, AROUND) else own
        names = _blueprints(rule.endpoint)
        of_blueprints = tuple(
            route for name in names for route in self.limiter.blueprint_limits.get(app.blueprints[name], ())
        )
        if not self.limiter.is_exempt(inner, names, app):
            added = (*added, *of_blueprints, *(RouteLimit(self.limiter, limit) for limit in self.application))
            if not any(route.override_defaults for route in (*own, *of_blueprints)):
                added = (*added, *(RouteLimit(self.limiter, limit) for limit in self.defaults))
        return own, added

    def count(self, counted: Iterable[Limit]) -> None:
        """Count the current request, and refuse it when it is one too many."""
        if self.limiter.passes():
            return
        found: list[RequestLimit] = []
        breach: tuple[Limit, RequestLimit] | None = None
        try:
            for limit, made in self._counted(counted):
                found.append(made)
                if made.breached:
                    breach = limit, made
                    break
        except Unavailable:
            if self.when_unavailable == "refuse":
                raise ServiceUnavailable(
                    "It cannot be told how often you have asked: try again later.", retry_after=5
                ) from None
        if found:
            g._ratelimit_found = [*g.get("_ratelimit_found", ()), *found]
            if self.headers:
                after_this_request(self._tell)
        if breach is not None:
            self._refuse(*breach)

    def _counted(self, counted: Iterable[Limit]) -> Iterator[tuple[Limit, RequestLimit]]:
        asked = current_request()
        endpoint = asked.endpoint or ""
        for limit in counted:
            if not limit.applies(asked.method):
                continue
            whose = (limit.key_function or self.limiter.key_func)()
            key = "/".join(filter(None, (self.prefix, str(whose), limit.counted_as(endpoint, asked.method))))
            cost = limit.price()
            for item in limit.items():
                made = self.counts.count(item, key, cost, only_look=limit.deduct_when is not None)
                if limit.deduct_when is not None and not made.breached:
                    after_this_request(self._deduct(limit.deduct_when, item, key, cost))
                yield limit, made

    def _deduct(self, when: Callable[[Response], bool], item: Any, key: str, cost: int) -> Any:
        def deduct(response: Response) -> Response:
            if when(response):
                try:
                    self.counts.count(item, key, cost)
                except Unavailable:
                    pass  # the answer is there already, and what is wrong was logged
            return response

        return deduct

    def _refuse(self, limit: Limit, made: RequestLimit) -> None:
        on_breach = limit.on_breach or self.limiter.on_breach
        raise RateLimitExceeded(made, limit.message(), None if on_breach is None else on_breach(made))

    def _tell(self, response: Response) -> Response:
        """Tell the client how much is left."""
        limit = self.limiter.current_limit
        if limit is not None:
            values = {
                HeaderNames.LIMIT: limit.limit.amount, HeaderNames.REMAINING: limit.remaining,
                HeaderNames.RESET: limit.reset_at, HeaderNames.RETRY_AFTER: limit.seconds_left,
            }  # fmt: skip
            for name, field in self.headers.items():
                response.headers[field] = str(values[name])
        return response

    def check(self, app: Flask) -> Iterator[Finding]:
        """What ``demijohn check`` is told."""
        if self.counts.in_memory and self.limiter.enabled:
            yield Finding(
                "memory-store", "warning", "Rate limits are counted in memory.",
                "Each worker counts by itself, and a restart begins anew: a limit is as many times as high.",
                "Set RATELIMIT_STORAGE_URI to a Redis, such as 'redis://localhost:6379/0'.",
            )  # fmt: skip


def _limits(given: Any, **options: Any) -> list[Limit]:
    """Limits that were given, as text, functions or limits."""
    several: tuple[Any, ...] = (given,) if callable(given) or isinstance(given, Limit) else listed(given)
    return [limit if isinstance(limit, Limit) else Limit(limit, **options) for limit in several]


def _blueprints(endpoint: str) -> list[str]:
    """The names of the blueprints around an endpoint, the innermost first."""
    names: list[str] = []
    name = endpoint.rpartition(".")[0]
    while name:
        names.append(name)
        name = name.rpartition(".")[0]
    return names
