"""A limiter for one application: its settings, read once, which views are held to what, and the counting."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from inspect import unwrap
from typing import Any, Protocol
from weakref import ref

from werkzeug.exceptions import ServiceUnavailable
from werkzeug.http import http_date, parse_date

from demijohn import Blueprint, Flask, Response, after_this_request, g
from demijohn.config import listed
from demijohn.ext.ratelimit.constants import ExemptionScope, HeaderNames
from demijohn.ext.ratelimit.counts import Counts, Unavailable
from demijohn.ext.ratelimit.errors import RateLimitExceeded
from demijohn.ext.ratelimit.limit import ApplicationLimit, Limit, MetaLimit, RequestLimit
from demijohn.ext.ratelimit.route import AROUND, Counter, RouteLimit, around_function, directly
from demijohn.extend import Finding, current_request

Given = str | Callable[[], str] | Limit
OnBreach = Callable[[RequestLimit], Response | None]
#: The name is the one that applications configure already.
_log = logging.getLogger("flask-limiter")

#: Before each look for a storage that is gone, the wait is twice as long; after so many it is a second again.
_CHECKS = 6


class Owner(Counter, Protocol):
    """The limiter, as far as its counting goes."""

    enabled: bool
    key_func: Callable[[], str]
    exemptions: dict[Any, ExemptionScope]
    exempts_nested: bool
    unavailable: str

    def passes(self) -> bool:
        """Whether a filter says that the current request is not counted."""
        ...

    @property
    def current_limit(self) -> RequestLimit | None:
        """What the current request has found."""
        ...


class State:
    """A limiter for one application.

    :param own: What the limiter was given, by the settings' names without ``RATELIMIT_``.
    """

    def __init__(self, limiter: Owner, app: Flask, own: dict[str, Any]) -> None:
        def setting(name: str, default: Any = None) -> Any:
            given = own.get(name)
            value = app.config.get(f"RATELIMIT_{name}") if given is None or given == [] else given
            return default if value is None else value

        self.limiter = limiter
        self.defaults = _limits(Limit, setting("DEFAULT"), **_options(setting, "DEFAULTS"))
        self.application = _limits(
            ApplicationLimit, setting("APPLICATION"), **_options(setting, "APPLICATION")
        )
        self.metas = _limits(MetaLimit, setting("META"))
        self.on_breach: OnBreach | None = setting("ON_BREACH_CALLBACK")
        self.on_meta_breach: OnBreach | None = setting("ON_META_BREACH_CALLBACK")
        self.prefix = setting("KEY_PREFIX", "")
        self.first_only = bool(setting("FAIL_ON_FIRST_BREACH", True))
        self.swallow = bool(setting("SWALLOW_ERRORS", False))
        self.identifier: Callable[[], str] | None = setting("REQUEST_IDENTIFIER")
        self.as_date = setting("HEADER_RETRY_AFTER_VALUE") == "http-date"
        self.headers: dict[HeaderNames, str] = {}
        if setting("HEADERS_ENABLED", False):
            self.headers = {name: setting(f"HEADER_{name.name}", name.value) for name in HeaderNames}
        self.when_unavailable = "allow" if self.swallow else setting("WHEN_UNAVAILABLE", limiter.unavailable)
        if self.when_unavailable not in {"allow", "refuse", limiter.unavailable}:
            raise ValueError(
                f"RATELIMIT_WHEN_UNAVAILABLE is {self.when_unavailable!r}: it is 'allow' or 'refuse'."
            )
        self.fallback_limits = _limits(Limit, setting("IN_MEMORY_FALLBACK"))
        has_fallback = bool(setting("IN_MEMORY_FALLBACK_ENABLED", False) or self.fallback_limits)
        strategy = setting("STRATEGY", "fixed-window")
        self.counts = Counts(
            setting("STORAGE_URI", "memory://"), setting("STORAGE_OPTIONS", {}), strategy,
            lambda text: app.logger.warning("%s (RATELIMIT_WHEN_UNAVAILABLE: %s)", text, self.when_unavailable),
            patient=self.when_unavailable != "raise" and not has_fallback,
        )  # fmt: skip
        self.counts.strict = self.when_unavailable == "raise" and not has_fallback
        self.fallback = Counts("memory://", {}, strategy, _log.warning) if has_fallback else None
        self.gone = False
        self._looked = 0
        self._looked_at = 0.0
        self._app = ref(app)

    # Decided once for each rule.

    def adapted(self, rule: Any, view: Any) -> Any:
        """The view with what it is held to besides what is written on it; called once per rule."""
        added = self.held_to(rule, view)[1]
        if not added:
            return view
        # Counted together with what the view counts itself, so that one that refuses is told of once.
        own = directly(view, self.limiter)
        return around_function(view.__wrapped__ if own else view, (*added, *own))

    def described(self, rule: Any, view: Any) -> dict[str, str]:
        """What ``demijohn routes`` shows of a rule."""
        own, added = self.held_to(rule, view)
        limits = [route.limit.limit_provider for route in dict.fromkeys((*own, *added))]
        shown = [limit if isinstance(limit, str) else "by function" for limit in limits]
        return {"limits": "; ".join(shown)} if shown else {}

    def held_to(self, rule: Any, view: Any) -> tuple[tuple[RouteLimit, ...], tuple[RouteLimit, ...]]:
        """The limits that are written on a view, and those that it has to be adapted for."""
        app = self._app()
        static = rule.endpoint == "static" or rule.endpoint.endswith(".static")
        if app is None or view is None or rule.websocket or static:
            return (), ()
        inner = unwrap(view)
        # Written above the route, and so not on what the route has.
        own = getattr(view, AROUND, ()) or self.limiter.marked.get(inner, ())
        own = tuple(route for route in own if route.limiter is self.limiter)
        added = () if hasattr(view, AROUND) else own
        blueprints = _blueprints(app, rule.endpoint)
        if not any(route.override_defaults for route in own):
            added = (*added, *self._of_blueprints(blueprints))
        exempt = self._exempt(inner, blueprints)
        if not exempt & ExemptionScope.APPLICATION:
            added = (*added, *self._routes(self.application))
        if not exempt & ExemptionScope.DEFAULT:
            added = (*added, *self._routes(self._defaults_beside((*own, *added), rule.methods)))
        return own, added

    def _routes(self, limits: Iterable[Limit]) -> tuple[RouteLimit, ...]:
        return tuple(RouteLimit(limit, limiter=self.limiter) for limit in limits)

    def _defaults_beside(self, own: Iterable[RouteLimit], methods: Iterable[str] | None) -> list[Limit]:
        """The default limits, for the methods that no limit of the view's own stands in the place of."""
        overriding = [route.limit.methods for route in own if route.override_defaults]
        if not overriding:
            return self.defaults
        covered = {method.upper() for named in overriding for method in named or methods or ()}
        left = [method for method in methods or () if method.upper() not in covered]
        return [replace(limit, methods=left) for limit in self.defaults] if left else []

    def _of_blueprints(self, blueprints: list[Blueprint]) -> Iterator[RouteLimit]:
        """The limits of the blueprints around a view, the innermost first.

        Those of the innermost stand in the place of the others', unless one of them says otherwise.
        """
        for number, blueprint in enumerate(blueprints):
            own = self.limiter.blueprint_limits.get(blueprint, [])
            flags = self.limiter.exemptions.get(blueprint, ExemptionScope.NONE)
            if number == 0 or not flags & ExemptionScope.DESCENDENTS:
                yield from own
            alone = flags & ExemptionScope.ANCESTORS or (
                own and all(route.override_defaults for route in own)
            )
            if number == 0 and alone:
                return

    def _exempt(self, view: Any, blueprints: list[Blueprint]) -> ExemptionScope:
        """What a view is taken out of, by itself and by the blueprints around it."""
        found = self.limiter.exemptions.get(view, ExemptionScope.NONE)
        for number, blueprint in enumerate(blueprints):
            flags = self.limiter.exemptions.get(blueprint, ExemptionScope.NONE)
            if number == 0 or self.limiter.exempts_nested or flags & ExemptionScope.DESCENDENTS:
                found |= flags
        return found

    # What requests ask.

    def identify(self) -> str:
        """What the current request is counted as."""
        return self.identifier() if self.identifier is not None else current_request().endpoint or ""

    def asked(self) -> Counts:
        """Where is counted now: in the storage, or in memory while that is gone."""
        if not self.gone or self.fallback is None:
            return self.counts
        now = time.time()
        if now - self._looked_at > 2**self._looked:
            self._looked_at = now
            self._looked = (self._looked + 1) % _CHECKS
            if self.counts.storage.check():
                _log.info("Rate limit storage recovered")
                self.gone, self._looked = False, 0
                return self.counts
        return self.fallback

    def count(self, counted: Iterable[Limit], *, look: bool = False) -> None:
        """Count the current request, and refuse it when it is one too many.

        :param look: Read what is left now, in this thread, and not on the event loop when the answer leaves.
        """
        if self.limiter.passes():
            return
        counts = self.asked()
        if counts is self.fallback and self.fallback_limits:
            if g.get("_ratelimit_fell_back"):
                return
            g._ratelimit_fell_back = True
            counted = self.fallback_limits
        counted = list(counted)
        try:
            self._count(counts, counted)
            if look and self.headers and self.limiter.current_limit is not None:
                _ = self.limiter.current_limit.window
        except Unavailable as error:
            if self.fallback is not None and not self.gone:
                self.gone, self._looked_at = True, time.time()
                _log.warning("Rate limit storage unreachable - falling back to in-memory storage")
                self.count(counted, look=look)
            elif self.when_unavailable == "refuse":
                raise ServiceUnavailable(
                    "It cannot be told how often you have asked: try again later.", retry_after=5
                ) from None
            elif self.when_unavailable == "raise":
                raise (error.__cause__ or error) from None

    def _count(self, counts: Counts, counted: list[Limit]) -> None:
        endpoint, method = self.identify(), current_request().method
        reached: list[tuple[Limit, RequestLimit]] = []
        found: list[RequestLimit] = []
        view = self._meta_exempt()
        for meta in () if view else [*self.metas, *(meta for limit in counted for meta in limit.metas)]:
            self._look_at(counts, meta, endpoint, found)
        for item, limit in self._applying(counted, method):
            key = self._key(limit, endpoint, method, self.prefix)
            take = counts.hit if limit.deduct_when is None else counts.test
            made = RequestLimit(counts, item, key, not take(item, key, limit.price()), limit.shared)
            found.append(made)
            if limit.deduct_when is not None:
                after_this_request(self._deduct(counts, limit, made))
            if made.breached:
                _log.info("ratelimit %s (%s) exceeded at endpoint: %s", item, key, endpoint)
                reached.append((limit, made))
                if self.first_only:
                    break
        self._remember(found)
        if reached:
            self._refuse(counts, reached, endpoint, method)

    def _applying(self, counted: Iterable[Limit], method: str) -> list[tuple[Any, Limit]]:
        """The limits that hold for this request, those for the shortest time first."""
        held = [(item, limit) for limit in counted if limit.applies(method) for item in limit.items()]
        return sorted(held, key=lambda pair: pair[0])

    def _key(self, limit: Limit, endpoint: str, method: str, prefix: str) -> str:
        whose = (limit.key_function or self.limiter.key_func)()
        return "/".join(filter(None, (prefix, str(whose), limit.counted_as(endpoint, method))))

    def _meta_exempt(self) -> bool:
        app, asked = self._app(), current_request()
        if app is None or not (self.metas or asked.endpoint) or not self.limiter.exemptions:
            return False
        view = unwrap(app.view_functions[asked.endpoint]) if asked.endpoint in app.view_functions else None
        blueprints = _blueprints(app, asked.endpoint or "")
        return bool(self._exempt(view, blueprints) & ExemptionScope.META)

    def _look_at(self, counts: Counts, meta: Limit, endpoint: str, found: list[RequestLimit]) -> None:
        """Refuse a request of who reached limits too often."""
        if meta.exempt_when is not None and meta.exempt_when():
            return
        for item in meta.items():
            key = self._key(meta, endpoint, "", "")
            if not counts.test(item, key, meta.price()):
                made = RequestLimit(counts, item, key, True, shared=True)
                self._remember([made])
                on_breach = meta.on_breach or self.on_meta_breach
                raise RateLimitExceeded(made, self._told(made, [on_breach]), meta.message())

    def _remember(self, found: list[RequestLimit]) -> None:
        if not found:
            return
        every: dict[Any, list[RequestLimit]] = g.setdefault("_ratelimit_found", {})
        if self.headers and self.limiter not in every:
            after_this_request(self._tell)
        every[self.limiter] = [*every.get(self.limiter, ()), *found]

    def _deduct(self, counts: Counts, limit: Limit, made: RequestLimit) -> Any:
        def deduct(response: Response) -> Response:
            if limit.deduct_when is not None and limit.deduct_when(response):
                try:
                    counts.hit(made.limit, made.counted_as, limit.price())
                except Unavailable as error:
                    # The answer is there already, and what is wrong was logged.
                    if self.when_unavailable == "raise":
                        raise (error.__cause__ or error) from None
                made.forget()
            return response

        return deduct

    def _refuse(
        self, counts: Counts, reached: list[tuple[Limit, RequestLimit]], endpoint: str, method: str
    ) -> None:
        """Answer with what was reached, and count that it was."""
        response: Response | None = None
        for limit, made in reached:
            response = self._told(made, dict.fromkeys([self.on_breach, limit.on_breach])) or response
        for meta in [*self.metas, *(meta for limit, _ in reached for meta in limit.metas)]:
            if meta.exempt_when is None or not meta.exempt_when():
                for item in meta.items():
                    counts.hit(item, self._key(meta, endpoint, method, ""), 1)
        limit, made = reached[0]
        raise RateLimitExceeded(made, response, limit.message())

    def _told(self, made: RequestLimit, callbacks: Iterable[OnBreach | None]) -> Response | None:
        """What callbacks answer in the place of the page."""
        response: Response | None = None
        for callback in filter(None, callbacks):
            try:
                answered = callback(made)
            except Exception as error:
                if not self.swallow:
                    raise
                _log.exception("on_breach callback failed with error %s", error)
            else:
                response = answered if isinstance(answered, Response) else response
        return response

    def _tell(self, response: Response) -> Response:
        """Tell the client how much is left."""
        limit = self.limiter.current_limit
        if limit is not None and limit.reset_at is not None:
            retry = _later(response.headers.get("Retry-After"), limit.reset_at)
            wait = limit.seconds_left if retry == limit.reset_at else int(retry - time.time())
            values: dict[HeaderNames, Any] = {
                HeaderNames.LIMIT: limit.limit.amount, HeaderNames.REMAINING: limit.remaining,
                HeaderNames.RESET: limit.reset_at,
                HeaderNames.RETRY_AFTER: http_date(retry) if self.as_date else wait,
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


def _later(field: str | None, reset_at: int) -> int:
    """When there is room again, or when a view says itself that one may come again, if that is later."""
    if field is None:
        return reset_at
    date = parse_date(field)
    if date is not None:
        return max(reset_at, int(date.timestamp()))
    return max(reset_at, int(time.time()) + int(field)) if field.isdigit() else reset_at


def _options(setting: Callable[[str], Any], group: str) -> dict[str, Any]:
    """What limits that were given as text have besides."""
    return {
        "per_method": bool(setting(f"{group}_PER_METHOD")), "exempt_when": setting(f"{group}_EXEMPT_WHEN"),
        "deduct_when": setting(f"{group}_DEDUCT_WHEN"), "cost": setting(f"{group}_COST") or 1,
    }  # fmt: skip


def _limits(kind: type[Limit], given: Any, **options: Any) -> list[Limit]:
    """Limits that were given, as text, functions or limits."""
    several: tuple[Any, ...] = (given,) if callable(given) or isinstance(given, Limit) else listed(given)
    return [limit if isinstance(limit, Limit) else kind(limit, **options) for limit in several]


def _blueprints(app: Flask, endpoint: str) -> list[Blueprint]:
    """The blueprints around an endpoint, the innermost first."""
    names = endpoint.split(".")[:-1]
    around = [".".join(names[:count]) for count in range(len(names), 0, -1)]
    return [app.blueprints[name] for name in around if name in app.blueprints]
