"""The extension: which limits a view is held to, and what answers one request too many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from inspect import unwrap
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from demijohn import Blueprint, Flask, Response, g, has_app_context, has_request_context
from demijohn.ext.ratelimit.constants import ExemptionScope, HeaderNames
from demijohn.ext.ratelimit.limit import Limit, MetaLimit, RequestLimit
from demijohn.ext.ratelimit.route import RouteLimit, directly
from demijohn.ext.ratelimit.state import Given, State
from demijohn.extend import adapt_view, add_check, call, current_application, describe_routes, unproxied

F = TypeVar("F", bound=Callable[..., Any])
OnBreach = Callable[[RequestLimit], Response | None]

_ALL = ExemptionScope.APPLICATION | ExemptionScope.DEFAULT | ExemptionScope.META


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
    :param on_breach: Takes the :class:`RequestLimit` that was reached; a response that it returns is answered
        (``RATELIMIT_ON_BREACH_CALLBACK``).
    :param key_prefix: What all counts' names begin with (``RATELIMIT_KEY_PREFIX``).
    :param enabled: False holds nobody to anything (``RATELIMIT_ENABLED``).
    :param meta_limits: How often a client may reach limits at all, before nothing passes (``RATELIMIT_META``).
    :param on_meta_breach: As ``on_breach``, for these (``RATELIMIT_ON_META_BREACH_CALLBACK``).
    :param in_memory_fallback: Limits that hold in this process while the storage is gone
        (``RATELIMIT_IN_MEMORY_FALLBACK``).
    :param in_memory_fallback_enabled: Count in this process meanwhile, with those limits or else the usual ones
        (``RATELIMIT_IN_MEMORY_FALLBACK_ENABLED``).
    :param fail_on_first_breach: False counts the others as well when one was reached
        (``RATELIMIT_FAIL_ON_FIRST_BREACH``).
    :param swallow_errors: True lets requests pass where the storage or a callback fails
        (``RATELIMIT_SWALLOW_ERRORS``).
    :param header_name_mapping: Other names of the header fields (``RATELIMIT_HEADER_LIMIT`` and so on).
    :param retry_after: How ``Retry-After`` is written, ``"delta-seconds"`` or ``"http-date"``
        (``RATELIMIT_HEADER_RETRY_AFTER_VALUE``).
    :param request_identifier: What is counted, in the place of the endpoint (``RATELIMIT_REQUEST_IDENTIFIER``).

    ``default_limits_`` and ``application_limits_`` with ``per_method``, ``exempt_when``, ``deduct_when`` and
    ``cost`` are what a :class:`Limit` takes, for those that were given as text (``RATELIMIT_DEFAULTS_...``,
    ``RATELIMIT_APPLICATION_...``).
    """

    #: What ``when_unavailable`` is where nobody said it. ``"raise"`` hands on the storage's own error.
    unavailable = "allow"
    #: Whether exempting a blueprint exempts those in it, without :attr:`ExemptionScope.DESCENDENTS`.
    exempts_nested = True
    #: Whether a limit may stand on a view of an application that the limiter was never told of.
    may_be_idle = False

    def __init__(
        self, key_func: Callable[[], str], *, app: Flask | None = None,
        default_limits: Sequence[Given] | None = None, default_limits_per_method: bool | None = None,
        default_limits_exempt_when: Callable[[], bool] | None = None,
        default_limits_deduct_when: Callable[[Response], bool] | None = None,
        default_limits_cost: int | Callable[[], int] | None = None,
        application_limits: Sequence[Given] | None = None, application_limits_per_method: bool | None = None,
        application_limits_exempt_when: Callable[[], bool] | None = None,
        application_limits_deduct_when: Callable[[Response], bool] | None = None,
        application_limits_cost: int | Callable[[], int] | None = None, headers_enabled: bool | None = None,
        header_name_mapping: dict[HeaderNames, str] | None = None, strategy: str | None = None,
        storage_uri: str | None = None, storage_options: dict[str, Any] | None = None,
        swallow_errors: bool | None = None, fail_on_first_breach: bool | None = None,
        on_breach: OnBreach | None = None, meta_limits: Sequence[Given] | None = None,
        on_meta_breach: OnBreach | None = None, in_memory_fallback: Sequence[Given] | None = None,
        in_memory_fallback_enabled: bool | None = None, retry_after: str | None = None,
        key_prefix: str | None = None, request_identifier: Callable[[], str] | None = None,
        when_unavailable: str | None = None, enabled: bool = True,
    ) -> None:  # fmt: skip
        self.key_func = key_func
        self.logger = logging.getLogger("flask-limiter")
        self.enabled = enabled
        self._own: dict[str, Any] = {
            "DEFAULT": default_limits, "DEFAULTS_PER_METHOD": default_limits_per_method,
            "DEFAULTS_EXEMPT_WHEN": default_limits_exempt_when, "DEFAULTS_DEDUCT_WHEN": default_limits_deduct_when,
            "DEFAULTS_COST": default_limits_cost, "APPLICATION": application_limits,
            "APPLICATION_PER_METHOD": application_limits_per_method,
            "APPLICATION_EXEMPT_WHEN": application_limits_exempt_when,
            "APPLICATION_DEDUCT_WHEN": application_limits_deduct_when, "APPLICATION_COST": application_limits_cost,
            "HEADERS_ENABLED": headers_enabled, "STRATEGY": strategy, "STORAGE_URI": storage_uri,
            "STORAGE_OPTIONS": storage_options, "SWALLOW_ERRORS": swallow_errors,
            "FAIL_ON_FIRST_BREACH": fail_on_first_breach, "ON_BREACH_CALLBACK": on_breach, "META": meta_limits,
            "ON_META_BREACH_CALLBACK": on_meta_breach, "IN_MEMORY_FALLBACK": in_memory_fallback,
            "IN_MEMORY_FALLBACK_ENABLED": in_memory_fallback_enabled, "HEADER_RETRY_AFTER_VALUE": retry_after,
            "KEY_PREFIX": key_prefix, "REQUEST_IDENTIFIER": request_identifier,
            "WHEN_UNAVAILABLE": when_unavailable,
            **{f"HEADER_{name.name}": field for name, field in (header_name_mapping or {}).items()},
        }  # fmt: skip
        #: Functions that a limit was written on, with what stands around each.
        self.marked: dict[Any, tuple[RouteLimit, ...]] = {}
        self.blueprint_limits: dict[Blueprint, list[RouteLimit]] = {}
        self.exemptions: dict[Any, ExemptionScope] = {}
        self._filters: list[Callable[[], bool]] = []
        self._states: WeakKeyDictionary[Flask, State] = WeakKeyDictionary()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Hold an application's views to the limits.

        :raises ValueError: for a setting that cannot be one, and for a limit that cannot be read.
        """
        app = unproxied(app)
        self.enabled = self.enabled and app.config.get("RATELIMIT_ENABLED") is not False
        if not self.enabled:
            return
        state = self._states[app] = State(self, app, self._own)
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
        meta_limits: Sequence[str | Callable[[], str] | MetaLimit] | None = None,
    ) -> RouteLimit:  # fmt: skip
        """A limit for a view, a blueprint, any function, or a ``with`` block; parameters as :class:`Limit`.

        :param override_defaults: False holds it to the default limits as well.
        """
        return RouteLimit(
            limit_value, limiter=self, override_defaults=override_defaults, key_function=key_func, scope=scope,
            cost=cost, methods=methods, per_method=per_method, error_message=error_message,
            exempt_when=exempt_when, deduct_when=deduct_when, on_breach=on_breach, meta_limits=meta_limits,
        )  # fmt: skip

    def shared_limit(
        self, limit_value: str | Callable[[], str], scope: str | Callable[[str], str], **options: Any
    ) -> RouteLimit:
        """A limit with one count for all that have it; options as :meth:`limit`.

        :param scope: The name of the count, or a function of the endpoint that says it.
        """
        made = self.limit(limit_value, scope=scope, **options)
        made.limit.shared = True
        return made

    def exempt(self, obj: Any = None, *, flags: ExemptionScope = _ALL) -> Any:
        """Hold a view to no limit, or the routes of a blueprint and of those in it to no default limit.

        :param flags: Which limits it is taken out of. Without ``obj`` this makes a decorator.
        """
        if obj is None:
            return partial(self.exempt, flags=flags)
        self.exemptions[unwrap(obj) if callable(obj) else obj] = flags
        return getattr(obj, "__wrapped__", obj) if directly(obj, self) else obj

    def request_filter(self, fn: F) -> F:
        """Do not count a request of which ``fn()`` says so."""
        self._filters.append(fn)
        return fn

    # What requests ask.

    def check(self, counted: Iterable[Limit]) -> None:
        """Count the current request, in sync code.

        :raises RateLimitExceeded: when it is one too many.
        """
        state = self._state()
        if state is not None:
            state.count(counted)

    async def acheck(self, counted: Iterable[Limit]) -> None:
        """Count the current request, in async code: in a thread where the storage is somewhere else.

        :raises RateLimitExceeded: when it is one too many.
        """
        state = self._state()
        if state is None:
            return
        if state.counts.in_memory:
            state.count(counted)
        else:
            await call(partial(state.count, counted, look=True))

    def _state(self) -> State | None:
        """What counts for the current application; None where nothing is counted."""
        return self._known() if has_request_context() and self.enabled else None

    def _known(self) -> State | None:
        app = current_application()
        state = self._states.get(app)
        if state is None and not self.may_be_idle:
            raise RuntimeError(
                f"This limiter was not told of {app.name!r}: pass app=, or call limiter.init_app(app)."
            )
        return state

    @property
    def current_limits(self) -> list[RequestLimit]:
        """What the current request has found of each limit, in their order."""
        found: list[RequestLimit] = g.get("_ratelimit_found", {}).get(self, [])
        return found

    @property
    def current_limit(self) -> RequestLimit | None:
        """The limit that was reached, or the one for the shortest time, one of the view's own if there is any."""
        found = self.current_limits
        return (
            min(found, key=lambda limit: (not limit.breached, limit.shared, limit.limit)) if found else None
        )

    @property
    def in_use(self) -> State:
        """The current application's counts; the first application's outside of any."""
        state = self._known() if has_app_context() else None
        return state or next(iter(self._states.values()))

    @property
    def storage(self) -> Any:
        """The storage of the current application's counts, of the library ``limits``."""
        return self.in_use.counts.storage

    @property
    def limiter(self) -> Any:
        """What counts for the current application, of the library ``limits``."""
        return self.in_use.asked().strategy

    def identify_request(self) -> str:
        """What the current request is counted as: its endpoint, or what ``request_identifier`` says."""
        state = self._state()
        return state.identify() if state is not None else ""

    def reset(self) -> None:
        """Forget all counts of the current application."""
        self.in_use.counts.reset()

    def passes(self) -> bool:
        """Whether a filter says that the current request is not counted."""
        return any(fn() for fn in self._filters)
