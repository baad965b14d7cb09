"""From an application's objects to what is sent of them, by a dictionary of fields.

This module knows of a field that it has ``output`` and ``format``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from demijohn.ext.rest.utils import unpack
from demijohn.ext.rest.utils.results import changing

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


def marshal(data: object, fields: Fields, envelope: str | None = None) -> Any:
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


def _sent(obj: object, fields: list[tuple[str, Any]]) -> Any:
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
        return _marked(
            changing(f, partial(_of_data, lambda data: marshal(data, self.fields, self.envelope))), self
        )


class marshal_with_field:
    """Decorates a method, sync or async: what it returns is sent by this field.

    :param field: The field, or its class.
    """

    def __init__(self, field: Field | type[Field]) -> None:
        self.field: Field = field() if isinstance(field, type) else field

    def __call__(self, f: F) -> F:
        """The method with its result formatted; a status and header fields beside it stay."""
        return _marked(changing(f, partial(_of_data, self.field.format)), self)


def _marked(function: F, by: marshal_with | marshal_with_field) -> F:
    """The function, saying by ``marshalled_by`` what is sent of its results."""
    marked: Any = function
    marked.marshalled_by = by
    return function


def _of_data(change: Callable[[Any], Any], result: object) -> object:
    """A method's result with its data changed."""
    if isinstance(result, tuple):
        data, code, headers = unpack(result)
        return change(data), code, headers
    return change(result)
