"""How the plan of a rule is made: hooks of application and blueprints merged, and where the request runs.

This module must not know how the plan is run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from werkzeug.routing import Rule

from demijohn.contexts.context import UNSET
from demijohn.contexts.way import Plan, Way
from demijohn.dispatch.ports import Application, Hooks
from demijohn.dispatch.pipeline import dispatch, preprocess
from demijohn.dispatch.sharing import (
    SAFE_METHODS, answer_preflight, checked_step, checked_view, sharings_of_rule,
)  # fmt: skip
from demijohn.waiting.callables import is_async, may_block
from demijohn.wrappers.request import split_blueprint_path

Functions = tuple[Callable[..., Any], ...]


def make_plan(
    app: Application, way: Way, rule: Rule | None, *, websocket: bool = False, options: bool = False,
    checked: bool = False,
) -> Plan:  # fmt: skip
    """The plan of a rule.

    :param app: The application, set up.
    :param way: The way that the plan belongs to.
    :param rule: The rule that matched, or None for requests whose routing failed.
    :param websocket: Take the hooks of WebSockets instead of those of requests.
    :param options: Make the plan of OPTIONS requests that are answered without the view.
    :param checked: Make the plan of methods for which it is looked at who sends them.
    """
    plan = Plan()
    plan.rule = rule
    endpoint = None if rule is None else rule.endpoint
    names: list[str | None] = [None]
    if endpoint is not None and "." in endpoint:
        names += reversed(split_blueprint_path(endpoint.rpartition(".")[0]))
    inner_first = names[::-1]
    before, after, teardown = (
        (app.before_websocket_funcs, app.after_websocket_funcs, app.teardown_websocket_funcs)
        if websocket
        else (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    )
    prepared = partial(_prepared, app, way)
    plan.url_preprocessors = _merged(app.url_value_preprocessors, names)
    plan.before = prepared(_merged(before, names))
    plan.after = prepared(_merged(after, inner_first, backwards=True))
    plan.teardown = prepared(_merged(teardown, inner_first, backwards=True))
    plan.stream = bool(getattr(rule, "stream", False))
    plan.answers_options = options
    plan.view = None
    if rule is not None and not options:
        view = _view_of(app, rule)
        plan.view = None if view is None else prepared((view,))[0]
    plan.problems = getattr(plan.view, "answers_problems", False) is True
    plan.awaits = iscoroutinefunction(plan.view)
    plan.preprocess = None
    if way.preprocess is not preprocess or plan.before or plan.url_preprocessors:
        plan.preprocess = way.preprocess
    plan.dispatch = way.dispatch if way.dispatch is not dispatch or plan.view is None else None
    plan.processes = way.always_processes or bool(plan.after)
    plan.tears_down = way.always_tears_down or bool(plan.teardown)
    plan.auto_options = None
    if getattr(rule, "provide_automatic_options", False) and not options and not checked:
        plan.auto_options = make_plan(app, way, rule, options=True)
    _place(app, way, plan)
    _protect(way, plan)
    around = plan.preprocess or plan.processes or plan.tears_down or options or plan.sharings
    plan.short = way.short and not around and (rule is None or plan.dispatch is None)
    plan.checked = None
    if checked:
        _check_first(plan)
    elif not options and _needs_check(way, rule):
        plan.checked = make_plan(app, way, rule, checked=True)
    return plan


def _view_of(app: Application, rule: Rule) -> Callable[..., Any] | None:
    """The view of a rule, as extensions have adapted it; of static files, the folder's own."""
    view = app.view_functions.get(rule.endpoint)
    if view is None:
        return None
    place = getattr(rule, "static_files", None)
    if place is not None:
        view = place.view(view)
    for adapt in app.view_adapters:
        view = adapt(rule, view)
    return view


def _place(app: Application, way: Way, plan: Plan) -> None:
    """Decide where it runs."""
    blocking = getattr(plan.rule, "blocking", None)
    if blocking is None:
        blocking = may_block(plan.view, app.blocking)
    plan.quick = plan.view is None or not blocking or is_async(plan.view)
    plan.on_loop = _may_run_on_loop(way, plan, bool(blocking))


def _protect(way: Way, plan: Plan) -> None:
    """Decide what its answers tell browsers."""
    given = getattr(plan.rule, "csp", UNSET)
    plan.fields = way.fields if given is UNSET else way.fields.with_policy(given)
    plan.sharings = sharings_of_rule(way.sharings, plan.rule)
    plan.protects = bool(plan.fields.names or plan.sharings)


def make_preflight_plan(app: Application, way: Way) -> Plan:
    """The plan of requests by which a browser asks whether a script may send another: no hooks, no view."""
    plan = make_plan(app, way, None)
    plan.before = plan.after = plan.teardown = plan.url_preprocessors = plan.sharings = ()
    plan.preprocess = None
    plan.dispatch = answer_preflight
    plan.processes, plan.tears_down = way.always_processes, way.always_tears_down
    plan.short = False
    plan.on_loop = not way.blocking_steps and not way.appcontext_teardown
    return plan


def _needs_check(way: Way, rule: Rule | None) -> bool:
    if not way.checks_origin or rule is None or rule.websocket or getattr(rule, "cross_origin", False):
        return False
    return rule.methods is None or not SAFE_METHODS.issuperset(rule.methods)


def _check_first(plan: Plan) -> None:
    """Have it looked at who sends the request, before hooks and view."""
    if plan.short:
        plan.view = checked_view(plan.view)
    else:
        plan.preprocess = checked_step(plan.preprocess)


def _prepared(app: Application, way: Way, functions: Functions) -> Functions:
    """Functions as the application wants them called, where it has its own idea of that."""
    sync = way.sync
    return functions if sync is None else tuple(sync(app, function) for function in functions)


def _may_run_on_loop(way: Way, plan: Plan, blocking: bool) -> bool:
    """Whether nothing of the request can block: all async, or declared not to block.

    :param blocking: What counts for functions that do not say so themselves.
    """
    if not plan.quick or (plan.url_preprocessors and blocking):
        return False
    functions = (*plan.before, *plan.after, *plan.teardown, *way.appcontext_teardown)
    # A function can say of itself that it does not block, as a view or an application can.
    return not way.blocking_steps and not any(may_block(f, blocking) for f in functions if not is_async(f))


def _merged(table: Hooks, names: list[str | None], *, backwards: bool = False) -> Functions:
    merged: list[Any] = []
    for name in names:
        if name in table:
            merged += reversed(table[name]) if backwards else table[name]
    return tuple(merged)
