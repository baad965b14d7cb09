"""Requests from pages of other sites: which are let in, and who may read the answers.

Decided when a rule's plan is made, so that a request that neither changes anything nor is shared is not
looked at. This module must not know how an answer is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, MethodNotAllowed
from werkzeug.routing import Rule

from demijohn.contexts.context import RequestContext, current
from demijohn.dispatch.ports import Application
from demijohn.http.cors import Sharing
from demijohn.http.filled import Filled
from demijohn.http.origins import vouched
from demijohn.waiting.steps import Steps
from demijohn.wrappers.request import split_blueprint_path

#: Methods that ask for nothing to be changed (RFC 9110, section 9.2.1).
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

#: What Sec-Fetch-Site says of a request that no page of another site has sent.
_OUR_SITES = frozenset({"same-origin", "none"})

# Which requests are let in.


def check_origin(ctx: RequestContext) -> None:
    """Refuse a request that a page of another site had a browser send.

    :raises Forbidden: a 403 that says what to do.
    """
    said = ctx.said_elsewhere()
    if said is None:
        return
    site, origin = said
    if vouched(site, origin, ctx.request.host) is not False or _is_welcome(ctx, origin):
        return
    if not ctx.way.policy.explained_errors:
        raise Forbidden
    field = f"Origin: {origin}" if origin is not None else f"Sec-Fetch-Site: {site}"
    raise Forbidden(
        Filled(
            "A page of another site sent this request (%(field)s), and such requests change nothing here. If it is"
            " meant to, name the origin in TRUSTED_ORIGINS, share the address with app.cors(), or give the route"
            " cross_origin=True.",
            field=field[:200],
        )
    )


def _is_welcome(ctx: RequestContext, origin: str | None) -> bool:
    """Whether the application has named the origin."""
    if origin is None:
        return False
    if origin in ctx.way.trusted_origins:
        return True
    sharing = sharing_of(ctx)
    if sharing is None or not sharing.allows(origin):
        return False
    # Where any origin may ask, none may in a visitor's name: scripts send no cookies there, but forms do.
    return origin in sharing.origins or "HTTP_COOKIE" not in ctx.environ


def checked_step(step: Callable[..., Steps[Any]] | None) -> Callable[..., Steps[Any]]:
    """The step before a view, with the check before it."""

    def checked(app: Application, ctx: RequestContext) -> Steps[Any]:
        check_origin(ctx)
        return None if step is None else (yield from step(app, ctx))

    return checked


def checked_view(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that has nothing around it, with the check before it."""

    def checked(**arguments: Any) -> Any:
        ctx: Any = current.get()
        environ = ctx._environ
        # PERF: no call for what browsers send most, under WSGI; elsewhere no second one for most.
        ours = environ.__class__ is dict and environ.get("HTTP_SEC_FETCH_SITE") in _OUR_SITES
        if not ours and ctx.said_elsewhere() is not None:
            check_origin(ctx)
        return view(**arguments) if arguments else view()

    return checked


# Who may read the answers.


def sharings_of_rule(sharings: tuple[Sharing, ...], rule: Rule | None) -> tuple[Sharing, ...]:
    """Those of ``sharings`` that can be about a path that the rule matches, the nearest first.

    :param rule: The rule, or None for requests whose routing failed.
    """
    # The longest path first; among equals the one that was said last.
    by_path = sorted(sharings, key=lambda sharing: len(sharing.path or ""))[::-1]
    if rule is None:
        return tuple(by_path)  # a blueprint's without a path, too: its routes refuse methods
    endpoint: str = rule.endpoint
    names = split_blueprint_path(endpoint.rpartition(".")[0]) if "." in endpoint else []
    nearest = [sharing for name in names for sharing in reversed(sharings) if sharing.blueprint == name]
    return (
        *nearest,
        *(s for s in by_path if s.blueprint is None and s.may_cover(rule.rule)),
    )


def sharing_of(ctx: RequestContext) -> Sharing | None:
    """What the application has said about sharing what this request asked for."""
    plan = ctx.plan
    if not plan.sharings:
        return None
    if plan.rule is None and isinstance(ctx.routing_exception, MethodNotAllowed):
        methods = ctx.routing_exception.valid_methods or ()
        return _sharing_for(ctx, next(iter(methods), ""))
    return _covering(ctx, plan.rule, plan.sharings)


def _covering(ctx: RequestContext, rule: Rule | None, sharings: tuple[Sharing, ...]) -> Sharing | None:
    path = ctx.environ["PATH_INFO"]
    for sharing in sharings:
        if sharing.covers(path) or (rule is not None and sharing.blueprint is not None):
            return sharing
    return None


def _sharing_for(ctx: RequestContext, method: str) -> Sharing | None:
    """What has been said about what another method would have asked for, at the request's path."""
    rule: Rule | None = None
    try:
        rule = ctx.url_adapter.match(method=method, return_rule=True, websocket=False)[0]
    except HTTPException:
        pass  # nothing is there, and what is said of the path holds
    return _covering(ctx, rule, sharings_of_rule(ctx.way.sharings, rule))


def preflight_of(ctx: RequestContext) -> Sharing | None:
    """What an OPTIONS request is answered by, if a browser asks by it whether a script may send another."""
    environ = ctx.environ
    if environ.get("HTTP_ORIGIN") is None or isinstance(ctx.routing_exception, BadRequest):
        return None
    method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    return None if method is None else _sharing_for(ctx, method)


def answer_preflight(app: Application, ctx: RequestContext) -> Steps[Any]:
    """The step that answers a preflight, in the place of hooks and view."""
    sharing = preflight_of(ctx)
    environ = ctx.environ
    asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
    fields = [] if sharing is None else sharing.preflight(environ.get("HTTP_ORIGIN"), asked)
    response: Any = app.response_class(status=204, headers=[*fields, ("Vary", "Origin")])
    response.headers.pop("Content-Type", None)
    return response
    yield  # a generator, as every step
