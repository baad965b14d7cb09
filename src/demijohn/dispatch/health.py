"""What load balancers and supervisors ask: whether the process lives, and whether it can do its work.

Two plans with nothing around them, which :func:`demijohn.dispatch.matching.find` takes before it looks at the Host: an
orchestrator names an address there, and no hook, session or list of hosts has a say. A rule that the application has
for such a path stands. This module must not know which checks there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demijohn.contexts.context import RequestContext
from demijohn.contexts.way import Plan, Way
from demijohn.dispatch.fields import Fields
from demijohn.dispatch.plan import make_plan
from demijohn.dispatch.ports import Application
from demijohn.later import later
from demijohn.waiting.drivers import running_loop
from demijohn.waiting.steps import Steps, is_awaitable
from demijohn.wrappers.ready import Ready

if TYPE_CHECKING:
    import asyncio
else:
    asyncio = later("asyncio")  # there is one where it is needed

#: Where it is asked whether the process lives, and whether it can do its work.
LIVE, READY = "/healthz", "/readyz"

_METHODS = ("GET", "HEAD")
_JSON = ("Content-Type", "application/json")
_FIELDS = Fields({"Cache-Control": "no-store"}, None, None, None)
_ALIVE = Ready(b'{"status": "ok"}', _JSON)


def add_health(app: Application, way: Way) -> None:
    """Give a way the two plans, where the application wants them and has no rule of its own for their paths."""
    wanted = app.own_setting("HEALTH_ENDPOINTS")
    if not (app.policy.health_endpoints if wanted is None else wanted):
        return
    own = {rule.rule.rstrip("/") for rule in app.url_map.iter_rules() if not rule.websocket}
    for path, view in ((LIVE, _live), (READY, _ready_view(app))):
        if path not in own:
            plan = _make_plan(app, way, view)
            way.health[path] = plan
            way.static_plans[path] = dict.fromkeys(_METHODS, plan)


def health_plan(way: Way, path: str, method: str) -> Plan | None:
    """The plan for a request that asks after the process, and None for all others."""
    plan = way.health.get(path)
    return plan if method in _METHODS else None


def _make_plan(app: Application, way: Way, view: Callable[[], Any]) -> Plan:
    plan = make_plan(app, way, None)
    plan.before = plan.after = plan.teardown = plan.url_preprocessors = plan.sharings = ()
    plan.view = view
    plan.preprocess = None
    plan.dispatch = _dispatch
    plan.processes = plan.tears_down = False
    plan.fields, plan.protects = _FIELDS, True
    plan.awaits = False
    plan.quick = plan.on_loop = True
    plan.short = not way.watched
    return plan


def _dispatch(app: Application, ctx: RequestContext) -> Steps[Any]:
    rv = ctx.plan.view()
    return (yield rv) if is_awaitable(rv) else rv


def _live() -> Ready:
    return _ALIVE


def _ready_view(app: Application) -> Callable[[], Any]:
    lifecycle, checks = app.lifecycle, app.readiness_checks

    def ready() -> Any:
        if lifecycle.stopping:
            return _answer("stopping", {})
        if not checks:
            return _answer("ok", {})
        asked = lifecycle.readiness.ask()
        if running_loop() is None:
            report = asked.result()
            return _answer(report.status, report.checks)
        return _answer_on_loop(asked)

    return ready


async def _answer_on_loop(asked: Any) -> Ready:
    report = await asyncio.shield(asyncio.wrap_future(asked))
    return _answer(report.status, report.checks)


def _answer(status: str, checks: dict[str, str]) -> Ready:
    body = json.dumps({"status": status, "checks": checks}).encode()
    if status == "ok":
        return Ready(body, _JSON)
    return Ready(body, _JSON, 503, "503 SERVICE UNAVAILABLE")
