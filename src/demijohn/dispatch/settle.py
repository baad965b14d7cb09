"""How the way of an application is made: every step, setting and short way, decided at once.

A step that an application overrides, in a subclass or on the instance, is its method from here on; all
others are the functions of this folder. This module must not know the application class: which methods are
its own is noted where they are written (:func:`overridable`).
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from demijohn.config import listed
from demijohn.contexts.context import RequestContext
from demijohn.contexts.way import Way
from demijohn.dispatch import failure, matching, pipeline, responses, teardown
from demijohn.dispatch.fields import make_fields
from demijohn.dispatch.health import add_health
from demijohn.dispatch.observing import make_observing
from demijohn.dispatch.ports import Application
from demijohn.errors import WrongSetting
from demijohn.http.cors import checked_origins
from demijohn.json.provider import DefaultJSONProvider
from demijohn.routing import Router
from demijohn.sessions import SecureCookieSessionInterface
from demijohn.templating import default_template_ctx_processor
from demijohn.waiting.steps import method
from demijohn.wrappers.request import Request
from demijohn.wrappers.response import Response

F = TypeVar("F", bound=Callable[..., Any])

#: The methods that an application may override, each with the functions of that name that are our own.
OVERRIDABLE: dict[str, list[Callable[..., Any]]] = {}

#: Where servers enter, which may be patched too.
_ENTRIES = ("__call__", "asgi_app")

#: Overriding one of these has no part in where a request runs.
_NO_PART = frozenset(
    {"create_url_adapter", "update_template_context", "make_response", "inject_url_defaults"}
)


def overridable(f: F, name: str = "") -> F:
    """Mark a method of an application class of ours that an application may override.

    :param name: The method's name, where it is not the function's.
    """
    OVERRIDABLE.setdefault(name or f.__name__, []).append(f)
    return f


def class_steps(cls: type) -> dict[str, Any]:
    """What of a class may be patched, as it has it now: overridable methods and entries."""
    return {name: getattr(cls, name, None) for name in (*OVERRIDABLE, *_ENTRIES)}


class Settling:
    """Makes the way of an application, as it is now.

    A kind of application that decides otherwise has a subclass of this, by which it makes its own.

    :param app: The application.
    """

    def __init__(self, app: Application) -> None:
        self.app = app
        self.forward = app.forwarder()
        self.observing = make_observing(app, self.forward)
        self.steps = class_steps(type(app))
        own = vars(app)
        #: The names of the methods that are not ours, in a subclass or on the instance.
        self.custom = {
            name
            for name, ours in OVERRIDABLE.items()
            if name in own or not any(self.steps[name] is function for function in ours)
        }

    def overrides(self, name: str) -> bool:
        """Whether the application has its own method of this name."""
        return name in self.custom

    def way(self) -> Way:
        """The way.

        :raises WrongSetting: when a setting is of a kind that it cannot be.
        """
        self.app.check_settings()
        fields = {
            **self.routing(),
            **self.request_steps(),
            **self.end_steps(),
            **self.services(),
            **self.short_ways(),
            **self.origins(),
        }
        around = getattr(self.app.debug_page, "around", None)
        if around is not None:
            fields = around(self.app, fields)
        way = Way(**fields, policy=self.app.policy, steps=self.steps)
        add_health(self.app, way)
        return way

    def routing(self) -> dict[str, Any]:
        """How a request finds its plan."""
        app = self.app
        router, elsewhere = self._router_with_origin()
        return {
            "match": matching.match,
            "elsewhere": elsewhere,
            "mounts": tuple(app.mounts.values()),
            "router": router,
            "plans": {},
            "static_plans": {},
            "good_hosts": set(),
            "health": {},
            "by_adapter": self.by_adapter,
            "forward": self.forward,
            "observing": self.observing,
            "enter": self.enter,
            "injects_url_defaults": self.overrides("inject_url_defaults")
            or any(app.url_default_functions.values()),
        }

    def _router_with_origin(self) -> tuple[Router, frozenset[Any]]:
        """The router, and the endpoints whose addresses are at the origin of static files."""
        router = self.app.router()
        origin = self.app.own_setting("STATIC_ORIGIN")
        if not origin:
            return router, frozenset()
        rules = self.app.url_map.iter_rules()
        endpoints = frozenset(rule.endpoint for rule in rules if getattr(rule, "static_files", None))
        return router.with_origin(origin.rstrip("/"), endpoints), endpoints

    def request_steps(self) -> dict[str, Any]:
        """The steps from hooks to response."""
        return {
            "full_dispatch": self._step("full_dispatch_request", pipeline.full_dispatch),
            "preprocess": self._step("preprocess_request", pipeline.preprocess),
            "dispatch": self._step("dispatch_request", pipeline.dispatch),
            "finalize": self._step("finalize_request", responses.finalize),
            "process": self._step("process_response", responses.process),
            "always_processes": self.overrides("process_response") or self.overrides("finalize_request"),
            "plain_errors": self.custom.isdisjoint({"handle_user_exception", "handle_http_exception"}),
            "user_exception": self._step("handle_user_exception", failure.user_exception),
            "http_exception": self._step("handle_http_exception", failure.http_exception),
            "exception": self._step("handle_exception", failure.exception),
            "make_response": _by_method if self.overrides("make_response") else responses.make_response,
            "sync": self.sync,
            "blocking_steps": any(
                not iscoroutinefunction(getattr(self.app, name)) for name in self.custom - _NO_PART
            ),
        }

    def _step(self, name: str, ours: Callable[..., Any]) -> Callable[..., Any]:
        return method(name) if self.overrides(name) else ours

    def end_steps(self) -> dict[str, Any]:
        """The steps of the teardown."""
        steps = {
            "teardown_request": ("do_teardown_request", teardown.teardown_request),
            "teardown_appcontext": ("do_teardown_appcontext", teardown.teardown_appcontext),
        }
        functions = reversed(self.app.teardown_appcontext_funcs)
        ends_appcontext = bool(self.app.teardown_appcontext_funcs) or self.overrides("do_teardown_appcontext")
        return {
            **{
                field: teardown.guarded_method(name) if self.overrides(name) else ours
                for field, (name, ours) in steps.items()
            },
            "tear_down": teardown.tear_down,
            "appcontext_teardown": tuple(
                f if self.sync is None else self.sync(self.app, f) for f in functions
            ),
            "ends_appcontext": ends_appcontext,
            "always_tears_down": ends_appcontext or self.overrides("do_teardown_request"),
        }

    def services(self) -> dict[str, Any]:
        """Sessions, bodies, JSON and templates."""
        app = self.app
        interface = app.session_interface
        return {
            "eager_session": self.eager_session,
            "opens_early": False,
            "spool_size": app.own_setting("BODY_SPOOL_SIZE"),
            "spool_folder": app.own_setting("BODY_SPOOL_FOLDER"),
            # Of the class, since an object that claims every attribute, as a mock does, has said nothing by it.
            "session_fields": interface.header_fields if hasattr(type(interface), "header_fields") else None,
            "json": app.json if type(app.json) is DefaultJSONProvider else None,
            "templates": {},
            "plain_context": not self.overrides("update_template_context") and _has_plain_context(app),
        }

    def origins(self) -> dict[str, Any]:
        """Pages of other sites, and what answers tell browsers."""
        app = self.app
        try:
            trusted = checked_origins(listed(app.own_setting("TRUSTED_ORIGINS")), "TRUSTED_ORIGINS")
        except ValueError as e:
            raise WrongSetting(str(e)) from None
        return {
            "fields": make_fields(app),
            "checks_origin": app.policy.cross_origin_check and bool(app.own_setting("CROSS_ORIGIN_CHECK")),
            "trusted_origins": trusted,
            "sharings": tuple(app.sharings),
        }

    def short_ways(self) -> dict[str, Any]:
        """Which short ways are open."""
        around = self.custom or self.wrapped or self.watched or self.eager_session
        own_responses = self.app.response_class is Response
        lazy_request = self.lazy_request
        short = own_responses and not around
        bare = short and lazy_request and not self.by_adapter and self.forward is None
        return {
            "watched": self.watched,
            "wrapped": self.wrapped,
            "lazy_request": lazy_request,
            "short": short,
            "bare": bare,
            "at_once": bare and self.enter is None,
        }

    # What several of these go by.

    @property
    def enter(self) -> Callable[..., Any] | None:
        """See :attr:`Way.enter`."""
        if self.observing is not None:
            return self.app.observed_entry()
        forward = self.forward
        return None if forward is None else lambda app, way, environ, _: forward(environ)

    @property
    def sync(self) -> Callable[..., Callable[..., Any]] | None:
        """See :attr:`Way.sync`."""
        return None if self.custom.isdisjoint({"ensure_sync", "async_to_sync"}) else _by_ensure_sync

    @property
    def by_adapter(self) -> bool:
        """See :attr:`Way.by_adapter`."""
        app = self.app
        return app.url_map.host_matching or app.subdomain_matching or self.overrides("create_url_adapter")

    @property
    def eager_session(self) -> bool:
        """See :attr:`Way.eager_session`: every interface but ours, unless it says that it is lazy."""
        interface = self.app.session_interface
        return not (
            getattr(interface, "lazy", False) is True
            or getattr(type(interface), "open_session", None) is SecureCookieSessionInterface.open_session
        )

    @property
    def lazy_request(self) -> bool:
        """See :attr:`Way.lazy_request`: not for a class with a constructor of its own."""
        return getattr(self.app.request_class, "__init__", None) is Request.__init__

    @property
    def watched(self) -> bool:
        """See :attr:`Way.watched`."""
        return self.app.watched

    @property
    def wrapped(self) -> bool:
        """See :attr:`Way.wrapped`."""
        return self.overrides("wsgi_app")


def _by_ensure_sync(app: Application, f: Callable[..., Any]) -> Callable[..., Any]:
    return app.ensure_sync(f)


def _by_method(app: Application, _: RequestContext, rv: Any) -> Any:
    return app.make_response(rv)


def _has_plain_context(app: Application) -> bool:
    """Whether the default context processor is the only one."""
    processors = app.template_context_processors
    return processors.get(None) == [default_template_ctx_processor] and not any(
        functions for scope, functions in processors.items() if scope is not None
    )
