"""From a request to its route and its plan: compiled router first, Werkzeug's matcher where only it can tell.

This module must not know what is done with the route.
"""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import WebsocketMismatch

from demijohn.contexts.context import RequestContext
from demijohn.contexts.way import Plan, Way
from demijohn.dispatch.health import health_plan
from demijohn.dispatch.plan import make_plan, make_preflight_plan
from demijohn.dispatch.ports import Application
from demijohn.dispatch.sharing import SAFE_METHODS, preflight_of
from demijohn.http.host import is_valid_host
from demijohn.routing.mounted import Handing, Mounted, Prefixed, find_mount
from demijohn.wrappers.request import Request, decoded

_ONLY_WEBSOCKET = (
    "This URL is a WebSocket's, and the request was plain HTTP. Connect with ws:// or wss://; a WSGI server"
    " cannot pass WebSockets on: serve the application by ASGI (demijohn run --interface asgi)."
)


def match(app: Application, ctx: RequestContext) -> None:
    """Find the route and the plan; a routing error is left on the context, to be raised later.

    For contexts that are pushed by hand, where nobody can be handed to a mounted application: it is not found.
    """
    environ = ctx.environ
    try:
        find(app, ctx, environ.get("HTTP_HOST"), environ["PATH_INFO"], environ["REQUEST_METHOD"])
    except Mounted:
        ctx.routing_exception = NotFound()
        ctx.plan = plan_of_failed(app, ctx.way)
        if ctx._request is not None:
            ctx.tell_request()


def plan_of_failed(app: Application, way: Way) -> Plan:
    """The plan of a request that has no rule."""
    plan = way.plans.get(id(None))
    if plan is None:
        plan = way.plans[id(None)] = make_plan(app, way, None)
    return plan


def _plan_of_options(app: Application, ctx: RequestContext, plan: Plan) -> Plan:
    """The plan of an OPTIONS request: a browser's question, an answer that needs no view, or the rule's."""
    way = ctx.way
    if way.sharings and preflight_of(ctx) is not None:
        ctx.routing_exception = None
        return way.plans.get(0) or way.plans.setdefault(0, make_preflight_plan(app, way))
    return plan if plan.auto_options is None else plan.auto_options


def find(app: Application, ctx: RequestContext, host: str | bytes | None, path: str, method: str) -> None:
    """:func:`match` for the three parts of a request that routing goes by.

    Longer than functions are here: what it does in place spares a request two calls.

    :param host: The Host field as text or, as ASGI has it, bytes; None when there is none.
    :param path: The path below the prefix, its bytes read as latin-1 (PEP 3333).
    :raises Mounted: when it is a mounted application's.
    """
    way = ctx.way
    # PERF: a path without variable parts that was asked for before costs two look-ups (0.2 us less).
    known = host in way.good_hosts
    if known:
        methods = way.static_plans.get(path)
        plan = None if methods is None else methods.get(method)
    else:
        plan = health_plan(way, path, method) if path in way.health else None
    if plan is not None:
        ctx.plan = plan
        if ctx._request is not None:
            ctx.tell_request()
        return
    rule = None
    static = False
    try:
        if not host:
            host = _without_host(ctx, host)
        if way.by_adapter:
            _look_for_mount(way, path)
            # Not by the Upgrade header, which Werkzeug goes by: what comes here is HTTP.
            rule, ctx.view_args = ctx.url_adapter.match(return_rule=True, websocket=False)
        else:
            if not known:
                _check_host(app, ctx, host)
            rules = way.router.static_routes.get(path)
            rule = None if rules is None else rules.get(method)
            if rule is not None:
                static = True
            else:
                found = way.router.match(path if path.isascii() else decoded(path), method)
                if found is None:
                    _look_for_mount(way, path)
                    found = ctx.url_adapter.match(return_rule=True, websocket=False)
                rule, ctx.view_args = found
    except Exception as e:
        # Not only HTTP errors: what a converter raised is handled like what a view raises.
        ctx.routing_exception = e
        if isinstance(e, WebsocketMismatch) and way.policy.explained_errors:
            e.description = _ONLY_WEBSOCKET
        elif isinstance(e, BadRequest):
            _replace_refused_host(ctx.request)
    plan = way.plans.get(id(rule))
    if plan is None:
        plan = way.plans[id(rule)] = make_plan(app, way, rule)
    if method == "OPTIONS":
        plan = _plan_of_options(app, ctx, plan)
        static = static and not way.sharings  # with these it depends on more than path and method
    elif plan.checked is not None and method not in SAFE_METHODS:
        plan = plan.checked
    ctx.plan = plan
    if static:
        way.static_plans.setdefault(path, {})[method] = plan
    if ctx._request is not None:
        ctx.tell_request()


def keep_mounted(app: Application, mount: Prefixed, path: str) -> None:
    """Have a path of a mounted application found by the whole of it the next time, as other paths are."""
    way = app._way
    if (
        way is not None
        and len(way.static_plans) < Handing.MOST
        and path.isascii()
        and path not in way.static_plans
    ):
        way.static_plans[path] = Handing(mount)


def _look_for_mount(way: Way, path: str) -> None:
    """Hand on what Werkzeug's matcher is asked for, which knows nothing of mounted applications."""
    if way.mounts and (mount := find_mount(way.mounts, decoded(path))) is not None:
        raise Mounted(mount)


def _without_host(ctx: RequestContext, host: str | bytes | None) -> str | bytes | None:
    """What stands for the Host of a request that has none, or an empty one.

    HTTP/1.0 knows no Host: the server's own name stands for it, and None is returned. From HTTP/1.1 on it must be
    there, and one that is empty is malformed (RFC 9112, 3.2).

    :param host: None, or empty, by which some servers report a field that was not sent.
    :raises BadRequest: natively for an HTTP/1.1 request without the field.
    """
    strict = ctx.way.policy.strict_hosts
    protocol = ctx.environ.get("SERVER_PROTOCOL")
    if protocol in ("HTTP/1.0", "HTTP/1"):  # as Granian writes it
        if strict or host is not None:
            ctx.environ["HTTP_HOST"] = ctx.request.own_host()
        return None
    if host is None and strict and protocol == "HTTP/1.1":
        raise BadRequest("The request has no Host field, which HTTP/1.1 asks for.")
    return host


def _check_host(app: Application, ctx: RequestContext, host: str | bytes | None) -> None:
    """Refuse a malformed or unlisted Host (RFC 9110, 7.2); a good one is remembered."""
    request = ctx.request
    way = ctx.way
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    trusted = app.config["TRUSTED_HOSTS"]
    if text is None and way.policy.strict_hosts:
        return  # the server's own name, which no client chose
    if trusted is not None:
        request.trusted_hosts = trusted
    if trusted is not None or (text is not None and not is_valid_host(text)):
        request.host  # noqa: B018 (raises SecurityError, a 400)
        if not way.policy.strict_hosts:
            ctx.url_adapter  # noqa: B018 (Werkzeug's matcher refuses a name without IDNA form)
    if host is not None and len(way.good_hosts) < 256:
        way.good_hosts.add(host)


def _replace_refused_host(request: Request) -> None:
    try:
        request.host  # noqa: B018 (raises when it is what was refused)
    except BadRequest:
        request.refuse_host()


def match_websocket(app: Application, ctx: RequestContext) -> None:
    """:func:`match` for the handshake of a WebSocket."""
    environ: Any = ctx.environ
    way = ctx.way
    rule = None
    try:
        _check_host(app, ctx, _without_host(ctx, environ.get("HTTP_HOST")))
        found = None
        if not way.by_adapter:
            found = way.router.match(decoded(environ["PATH_INFO"]), "GET", websocket=True)
        if found is None:
            found = ctx.url_adapter.match(return_rule=True, websocket=True)
        rule, ctx.view_args = found
    except Exception as e:
        ctx.routing_exception = e
        if isinstance(e, BadRequest):
            _replace_refused_host(ctx.request)
    ctx.plan = make_plan(app, way, rule, websocket=True)
    ctx.tell_request()
