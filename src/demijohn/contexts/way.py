"""What an application is for a request: one record, settled before the first request and never changed.

A :class:`Way` is made whole (``dispatch.settle``) from the hooks, rules, settings, classes and overridden
methods that an application has; a change to any of them drops it, and the next request settles a new one.
A request keeps the one it began with. A :class:`Plan` is the same for one rule, made with its first request.

Three words say how much of the complete course a request takes, here and wherever they stand:

``short``
    There is nothing around the view: no hook, no teardown, no overridden step, no signal listened to. The
    adapter calls the view itself and ``dispatch.short`` answers, without steps and mostly without a
    response object.
``bare``
    Making the request and the environ does nothing but make them, so a context may begin without either,
    and they are made when somebody asks.
``on_loop``
    Nothing of it can block, so on an event loop it runs in place; else in a thread of the pool.

This module holds the records only. It must not know how they are made, nor the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, NoReturn, TypeAlias

from werkzeug.routing import Rule

from demijohn.http.cors import Sharing
from demijohn.json.provider import DefaultJSONProvider
from demijohn.policy import Policy
from demijohn.routing import Router
from demijohn.routing.mounted import Prefixed
from demijohn.waiting.steps import Steps

__all__ = ["Plan", "Step", "Way"]

#: A step of a request: takes the application, the context and what the step is about.
Step: TypeAlias = Callable[..., Steps[Any]]


class Plan:
    """What is decided once per rule, so that it is not decided per request: its hooks, merged, and where it runs."""

    __slots__ = (
        "after", "answers_options", "auto_options", "awaits", "before", "checked", "dispatch", "fields", "on_loop",
        "preprocess", "problems", "processes", "protects", "quick", "rule", "sharings", "short", "stream",
        "teardown", "tears_down", "url_preprocessors", "view",
    )  # fmt: skip

    #: The rule that matched, or None for requests whose routing failed.
    rule: Rule | None
    #: The view, or None where there is none: routing failed, or OPTIONS is answered without it.
    view: Any
    #: The functions that run before and after the view, and at the end, in their order.
    url_preprocessors: tuple[Callable[..., Any], ...]
    before: tuple[Callable[..., Any], ...]
    after: tuple[Callable[..., Any], ...]
    teardown: tuple[Callable[..., Any], ...]
    #: The step before the view, or None where there is nothing to do.
    preprocess: Step | None
    #: The step that has the view called, or None where nothing has to be done but call it.
    dispatch: Step | None
    #: Whether this is the plan of an OPTIONS request that is answered without the view.
    answers_options: bool
    #: Whether anything has to be done to every response.
    processes: bool
    #: Whether anything has to run at the end.
    tears_down: bool
    #: Whether the view reads the body as it arrives.
    stream: bool
    #: The plan for OPTIONS requests where they are answered without the view.
    auto_options: Plan | None
    #: The plan for methods that may change something, where it is looked at who sends them; None where it is not.
    checked: Plan | None
    #: The header fields that its answers carry, a :class:`~demijohn.dispatch.fields.Fields`.
    fields: Any
    #: Who may read the answers, as far as that can be told from the rule: the nearest first.
    sharings: tuple[Sharing, ...]
    #: Whether there are such fields, or such origins.
    protects: bool
    #: Whether HTTP errors are answered with problems (RFC 9457) whatever the client accepts.
    problems: bool
    #: Whether what the view returns is certainly a coroutine.
    awaits: bool
    #: Whether its view does not block, so that its other steps never wait for the threads of views that do.
    quick: bool
    on_loop: bool
    short: bool


class Way:
    """What an application is for a request."""

    __slots__ = (
        "always_processes",
        "always_tears_down",
        "appcontext_teardown",
        "at_once",
        "bare",
        "blocking_steps",
        "by_adapter",
        "checks_origin",
        "dispatch",
        "eager_session",
        "elsewhere",
        "ends_appcontext",
        "enter",
        "exception",
        "fields",
        "finalize",
        "forward",
        "full_dispatch",
        "good_hosts",
        "health",
        "http_exception",
        "injects_url_defaults",
        "json",
        "lazy_request",
        "make_response",
        "match",
        "mounts",
        "observing",
        "opens_early",
        "plain_context",
        "plain_errors",
        "plans",
        "policy",
        "preprocess",
        "process",
        "router",
        "session_fields",
        "sharings",
        "short",
        "spool_folder",
        "spool_size",
        "static_plans",
        "steps",
        "sync",
        "tear_down",
        "teardown_appcontext",
        "teardown_request",
        "templates",
        "trusted_origins",
        "user_exception",
        "watched",
        "wrapped",
    )  # fmt: skip

    policy: Policy

    # Routing.

    router: Router
    #: Plans by ``id(rule)``, under 0 that of preflights, and those of paths without variable parts by path and
    #: method, as they are asked for.
    plans: dict[int, Plan]
    static_plans: dict[str, dict[str, Plan]]
    #: The applications that are mounted in this one, for where the router is not asked.
    mounts: tuple[Prefixed, ...]
    #: The endpoints whose addresses are at another origin, which the router knows.
    elsewhere: frozenset[Any]
    #: Hosts that were found to be good.
    good_hosts: set[str | bytes | None]
    #: The plans of the paths where it is asked after the process, which no Host, hook or session has a say in.
    health: dict[str, Plan]
    #: Whether rules are matched by Werkzeug's adapter only: hosts, sub-domains, one of the application's own.
    by_adapter: bool
    #: Puts what trusted proxies say into an environ; None where there are none.
    forward: Callable[[Any], None] | None

    # Who looks at requests from outside.

    #: What is done about each, a :class:`~demijohn.dispatch.observation.Observing`; None where nobody looks.
    observing: Any
    #: What a request by WSGI meets first: what ``forward`` does, or what answers it while somebody looks; or None.
    enter: Callable[..., Iterable[bytes] | None] | None

    # Steps, each this package's own or the application's method.

    match: Callable[..., None]
    full_dispatch: Step
    preprocess: Step
    dispatch: Step
    finalize: Step
    process: Step
    user_exception: Step
    http_exception: Step
    exception: Step
    teardown_request: Step
    teardown_appcontext: Step
    tear_down: Step
    make_response: Callable[..., Any]
    #: A function in the form in which sync code may call it, where the application has its own idea of that.
    sync: Callable[..., Callable[..., Any]] | None
    #: The functions that end an application's context, in their order.
    appcontext_teardown: tuple[Callable[..., Any], ...]
    #: Whether something has to be done to every response, and at the end of every request.
    always_processes: bool
    always_tears_down: bool
    #: Whether anything has to run at the end of an application's context.
    ends_appcontext: bool
    #: Whether the two steps by which an error finds its handler are our own.
    plain_errors: bool
    #: Whether an overridden step may block.
    blocking_steps: bool
    #: The overridable methods of the application's class when this was settled, to see whether one was patched.
    steps: Mapping[str, Any]

    # Session, JSON, templates, URLs.

    #: Whether every request opens its session, as a session interface of others may want.
    eager_session: bool
    #: Whether a request that brings a cookie has its session opened at once.
    opens_early: bool
    #: What saving a session adds to an answer, without a response object; None where it takes one.
    session_fields: Callable[..., list[tuple[str, str]] | None] | None
    #: Most bytes of a body that are kept in memory, and the folder for larger ones; None for the system's.
    spool_size: int
    spool_folder: str | PathLike[str] | None
    #: What writes JSON bodies without a response object; None where it takes one.
    json: DefaultJSONProvider | None
    #: Compiled templates by name; None where they are reloaded.
    templates: dict[str, Any] | None
    #: Whether templates get ``request`` and ``g``, and nothing from context processors.
    plain_context: bool
    #: Whether building a URL asks anybody for default values.
    injects_url_defaults: bool

    # Pages of other sites, and what answers tell browsers.

    #: The header fields of answers, but for rules with a policy of their own.
    fields: Any
    #: Whether it is looked at who sends a request that may change something.
    checks_origin: bool
    #: Origins whose pages may send such requests.
    trusted_origins: frozenset[str]
    #: What has been said about who may read answers, in the order in which it was said.
    sharings: tuple[Sharing, ...]

    # Which short ways are open.

    #: Whether the request object may be made when first asked for: making it does nothing else.
    lazy_request: bool
    #: Whether a test client may want to keep contexts; real servers do not.
    watched: bool
    #: Whether middleware stands around ``wsgi_app``, which every request has to pass.
    wrapped: bool
    bare: bool
    #: Whether it is ``bare``, and a request by WSGI meets nothing before it.
    at_once: bool
    short: bool

    def __init__(self, **settled: Any) -> None:
        for name in self.__slots__:
            object.__setattr__(self, name, settled[name])

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"A settled way is never changed: change the application, which drops it ({name})."
        )
