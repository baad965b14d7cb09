"""From a request to its route and plan.

A routing error is left on the request, to be raised where the view would run. This module must not
know what happens with the request afterwards.
"""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.routing import WebsocketMismatch

from demijohn.context import RequestContext
from demijohn.http.host import is_valid_host
from demijohn.plan import Plan
from demijohn.wrappers.request import decoded


_ONLY_WEBSOCKET = (
    "This URL is a WebSocket's, and the request was plain HTTP. Connect with ws:// or wss://; a WSGI server"
    " cannot pass WebSockets on: serve the application by ASGI (demijohn run --interface asgi)."
)


def match(app: Any, ctx: RequestContext) -> None:
    """Find the route and the plan; a routing error is left on the request to be raised later."""
    request = ctx.request
    environ = request.environ
    rule = None
    try:
        if app._match_completely:
            # Not by the Upgrade header, which Werkzeug goes by: what comes here is HTTP.
            rule, request.view_args = ctx.url_adapter.match(return_rule=True, websocket=False)
        else:
            host = environ.get("HTTP_HOST")
            if host not in app._good_hosts:
                _check_host(app, request, host)
            path = environ["PATH_INFO"]
            method = environ["REQUEST_METHOD"]
            router = app._router
            if router is None:
                router = app._freeze()
            methods = router.static_routes.get(path)
            rule = None if methods is None else methods.get(method)
            if rule is not None:
                request.view_args = {}
            else:
                found = router.match(path if path.isascii() else decoded(path), method)
                if found is None:
                    found = ctx.url_adapter.match(return_rule=True, websocket=False)
                rule, request.view_args = found
        request.url_rule = rule
    except Exception as e:
        # Not only HTTP errors: what a converter raised is handled like what a view raises.
        request.routing_exception = e
        rule = None
        if isinstance(e, WebsocketMismatch) and app.compat_level is None:
            e.description = _ONLY_WEBSOCKET
        elif isinstance(e, BadRequest):
            _replace_refused_host(request)
    plan = app._plans.get(id(rule))
    if plan is None:
        plan = app._plans[id(rule)] = Plan(app, rule)
    ctx.plan = (
        plan if plan.auto_options is None or environ["REQUEST_METHOD"] != "OPTIONS" else plan.auto_options
    )


def _check_host(app: Any, request: Any, host: str | None) -> None:
    """Refuse a malformed or unlisted Host (RFC 9110, 7.2); a good one is remembered."""
    trusted = app.config["TRUSTED_HOSTS"]
    if trusted is not None:
        request.trusted_hosts = trusted
    if trusted is not None or (host is not None and not is_valid_host(host)):
        request.host  # noqa: B018 (raises SecurityError, a 400)
    if host is not None and len(app._good_hosts) < 256:
        app._good_hosts.add(host)


def _replace_refused_host(request: Any) -> None:
    try:
        request.host  # noqa: B018 (raises when it is what was refused)
    except BadRequest:
        request.refuse_host()


def match_websocket(app: Any, ctx: RequestContext) -> None:
    """:func:`match` for the handshake of a WebSocket."""
    socket = ctx.request
    rule = None
    try:
        _check_host(app, socket, socket.environ.get("HTTP_HOST"))
        found = None
        if not app._match_completely:
            router = app._router or app._freeze()
            found = router.match(decoded(socket.environ["PATH_INFO"]), "GET", websocket=True)
        if found is None:
            found = ctx.url_adapter.match(return_rule=True, websocket=True)
        rule, socket.view_args = found
        socket.url_rule = rule
    except Exception as e:
        socket.routing_exception = e
        if isinstance(e, BadRequest):
            _replace_refused_host(socket)
    ctx.plan = Plan(app, rule, websocket=True)
