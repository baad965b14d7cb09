"""From an application's objects to what is sent of them, by a dictionary of fields.

This module knows of a field that it has ``output`` and ``format``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import update_wrapper
from inspect import isawaitable
from typing import Any, Protocol, TypeVar, cast

from demijohn.ext.rest.utils import unpack
from demijohn.extend import is_async

__all__ = ["Field", "marshal", "marshal_with", "marshal_with_field"]

F = TypeVar("F", bound=Callable[..., Any])


class Field(Protocol):
    """What is sent of an object under one name."""

    def format(self, value: Any) -> Any:
        """A value as it is sent."""
        ...

    def output(self, key: Any, obj: Any) -> Any:
        """What is sent of the object under this name."""
        ...


#: Names of what is sent, each with a field, a field's class, or more fields of the same object.
Fields = Mapping[str, Any]


def marshal(data: Any, fields: Fields, envelope: str | None = None) -> Any:
    """What is sent of an object, or of each object of a list.

    :param data: A dictionary or object, or a list or tuple of them.
    :param fields: What is sent, by name.
    :param envelope: A name to put it all under.
    """
    sent = _sent(data, _made(fields))
    return {envelope: sent} if envelope else sent


def _made(fields: Fields) -> list[tuple[str, Any]]:
    """The fields, with an instance for each class."""
    return [(name, field() if isinstance(field, type) else field) for name, field in fields.items()]


def _sent(obj: Any, fields: list[tuple[str, Any]]) -> Any:
    if isinstance(obj, (list, tuple)):
        return [_sent(one, fields) for one in obj]
    return {
        name: marshal(obj, field) if isinstance(field, dict) else field.output(name, obj)
        for name, field in fields
    }


class marshal_with:
    """Decorates a method, sync or async: what it returns is sent by these fields.

    :param fields: What is sent, by name.
    :param envelope: A name to put it all under.
    """

    def __init__(self, fields: Fields, envelope: str | None = None) -> None:
        self.fields = fields
        self.envelope = envelope

    def __call__(self, f: F) -> F:
        """The method with its result marshalled; a status and header fields beside it stay."""
        return _on_result(f, lambda data: marshal(data, self.fields, self.envelope))


class marshal_with_field:
    """Decorates a method, sync or async: what it returns is sent by this field.

    :param field: The field, or its class.
    """

    def __init__(self, field: Field | type[Field]) -> None:
        self.field: Field = field() if isinstance(field, type) else field

    def __call__(self, f: F) -> F:
        """The method with its result formatted; a status and header fields beside it stay."""
        return _on_result(f, self.field.format)


def _on_result(function: F, change: Callable[[Any], Any]) -> F:
    """A function of the same kind, whose data is changed."""

    def changed(value: Any) -> Any:
        if isinstance(value, tuple):
            data, code, headers = unpack(value)
            return change(data), code, headers
        return change(value)

    async def changed_later(awaitable: Any) -> Any:
        return changed(await awaitable)

    def calling(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        return changed_later(value) if isawaitable(value) else changed(value)

    async def awaiting(*args: Any, **kwargs: Any) -> Any:
        return changed(await function(*args, **kwargs))

    return cast(F, update_wrapper(awaiting if is_async(function) else calling, function))
