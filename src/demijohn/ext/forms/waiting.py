"""Validators that are ``async def``, beside those that are not, in fields that know of neither.

WTForms calls a validator and forgets what it returns. Each field of a form that is about to be validated is given a
chain of validators that waits for what has to be awaited: in the thread that validates, which is never an event
loop's. So WTForms' own course stays as it is, with the fields and forms that change it. This module must not know
requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeAlias

from wtforms import Field, FieldList, FormField, validators
from wtforms.form import BaseForm

from demijohn import current_app
from demijohn.extend import is_async, is_awaitable, may_block, running_loop

__all__ = ["arm", "async_validators", "fields_of", "waiter", "waits_or_blocks"]

Extra: TypeAlias = Mapping[str, Sequence[Any]] | None

#: The classes of validators that WTForms brings: they wait for nothing.
_COMPUTING = {kind for kind in vars(validators).values() if isinstance(kind, type)}

#: What waits for an awaitable, where a form is validated by :meth:`Form.validate_async`.
waiter: ContextVar[Callable[[Awaitable[Any]], Any]] = ContextVar("demijohn_forms_waiter")


def fields_of(form: Any) -> Iterator[tuple[Any, Any]]:
    """All fields of a form, with the form that they are in: those of forms and lists within it too."""
    pending = [(form, field) for field in form]
    while pending:
        owner, field = pending.pop()
        yield owner, field
        if isinstance(field, FormField):
            pending += [(field.form, inner) for inner in field.form]
        elif isinstance(field, FieldList):
            pending += [(owner, entry) for entry in field.entries]


def arm(form: Any, extra: Extra) -> None:
    """Give each field that has other validators than WTForms' own a chain that waits."""
    # PERF: in place of `_validators`: this is done to every form, and most have nothing to wait for (4 us of 130).
    pending: list[tuple[Any, str, Any]] = [(form, name, field) for name, field in form._fields.items()]
    for owner, name, field in pending:
        if isinstance(field, FormField):
            pending += [(field.form, inner, each) for inner, each in field.form._fields.items()]
            continue
        if isinstance(field, FieldList):
            pending += [(None, "", entry) for entry in field.entries]
        if (
            not _COMPUTING.issuperset(map(type, field.validators))
            or (owner is not None and hasattr(owner, f"validate_{name}"))
            or (extra and name in extra)
        ) and "_run_validation_chain" not in field.__dict__:
            vars(field)["_run_validation_chain"] = partial(_run_chain, field)


def _run_chain(field: Any, form: Any, chain: Iterable[Callable[[Any, Any], Any]]) -> Any:
    return type(field)._run_validation_chain(field, form, [partial(_settle, each) for each in chain])


def _settle(validator: Callable[[Any, Any], Any], form: Any, field: Field) -> None:
    outcome = validator(form, field)
    if is_awaitable(outcome):
        if running_loop() is not None:
            getattr(outcome, "close", lambda: None)()
            raise on_loop(form, [f"{field.short_name} ({_name(validator)})"])
        wait(outcome)


def wait(awaitable: Awaitable[Any]) -> Any:
    """Wait, in a thread, for what an application's code returned."""
    found = waiter.get(None)
    return current_app.async_to_sync(lambda: awaitable)() if found is None else found(awaitable)


def on_loop(form: Any, names: list[str]) -> RuntimeError:
    """The error of a form that is validated where nothing can wait."""
    return RuntimeError(
        f"{type(form).__name__}.validate() was called on an event loop, where nothing can wait for async validators:"
        f" {', '.join(names)}. Write `await form.validate_async()`, or `await form.validate_on_submit_async()`."
    )


def _name(validator: object) -> str:
    return getattr(validator, "__name__", None) or type(validator).__name__


def _validators(form: BaseForm, extra: Extra) -> Iterator[tuple[Any, Any]]:
    """Every validator that will be called for a form, with its field."""
    for owner, field in fields_of(form):
        for validator in field.validators:
            yield field, validator
        inline = getattr(type(owner), f"validate_{field.short_name}", None)
        if inline is not None:
            yield field, inline
    for name, more in (extra or {}).items():
        for validator in more:
            yield form[name], validator


def async_validators(form: BaseForm, extra: Extra = None) -> list[str]:
    """The validators of a form that are known to be async, by the names of fields and functions."""
    return [
        f"{field.short_name} ({_name(validator)})"
        for field, validator in _validators(form, extra)
        if is_async(validator)
    ]


def waits_or_blocks(form: Any, extra: Extra = None) -> bool:
    """Whether validating a form may wait for anything, so that it must not be done on an event loop.

    What WTForms brings only computes. Of other validators, fields and forms nobody can tell, unless a validator
    says ``blocking = False``.
    """
    return (
        any(is_async(v) or (not _is_known(v) and may_block(v)) for _, v in _validators(form, extra))
        or any(not _from_here(type(field)) for _, field in fields_of(form))
        or any(not _from_here(type(owner).validate) for owner, _ in fields_of(form))
    )


def _is_known(validator: Callable[..., object]) -> bool:
    home = validator if hasattr(validator, "__code__") else type(validator)
    return _from_here(home) and not getattr(validator, "blocking", False)


def _from_here(thing: object) -> bool:
    module: str = getattr(thing, "__module__", None) or ""
    return module.startswith(("wtforms.", "demijohn.ext.forms."))
