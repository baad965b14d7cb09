"""What a resource's method says of itself: the fields it is marshalled by, and the parsers that its code names.

This module must not know documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import unwrap
from typing import Any

from demijohn.ext.rest.typed.kinds import Annotation
from demijohn.ext.rest import fields
from demijohn.ext.rest.reqparse import Argument, RequestParser, text_type

__all__ = ["described"]

#: By the name of a field's class, the schema of what it sends.
_FIELDS: dict[str, dict[str, Any]] = {
    "String": {"type": ["string", "null"]},
    "FormattedString": {"type": "string"},
    "Url": {"type": "string"},
    "DateTime": {"type": "string"},
    "Integer": {"type": "integer"},
    "Boolean": {"type": "boolean"},
    "Float": {"type": "number"},
    "Arbitrary": {"type": "string"},
    "Fixed": {"type": "string"},
}
_TYPES: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"}, float: {"type": "number"}, bool: {"type": "boolean"}, str: {"type": "string"},
}  # fmt: skip
_PLACES = {"args": "query", "values": "query", "headers": "header", "cookies": "cookie"}


def described(method: Callable[..., Any]) -> dict[str, Any]:
    """The members of the operation of a resource's method."""
    found: dict[str, Any] = {}
    marshalled = getattr(method, "marshalled_by", None)
    if marshalled is not None:
        kind = getattr(marshalled, "fields", None)
        schema = _field(marshalled.field) if kind is None else _object(kind)
        envelope = getattr(marshalled, "envelope", None)
        if envelope:
            schema = {"type": "object", "properties": {envelope: schema}}
        content = {"application/json": {"schema": schema}}
        found["responses"] = {"200": {"description": "OK", "content": content}}
    for parser in _parsers(method):
        for argument in parser.args:
            _add(argument, found)
    return found


def _object(kind: Annotation) -> dict[str, Any]:
    if isinstance(kind, (list, tuple)):
        return {"type": "array", "items": _object(kind[0])}
    if not isinstance(kind, Mapping):
        return {}
    return {"type": "object", "properties": {name: _field(one) for name, one in kind.items()}}


def _field(one: Any) -> dict[str, Any]:
    """The schema of what a field sends; any value for one that is not known."""
    if isinstance(one, Mapping):
        return _object(one)
    kind = one if isinstance(one, type) else type(one)
    if isinstance(one, fields.Nested):
        return _object(one.nested)
    if isinstance(one, fields.List):
        return {"type": "array", "items": _field(one.container)}
    for cls in kind.__mro__:
        if cls.__name__ in _FIELDS:
            return dict(_FIELDS[cls.__name__])
    return {}


def _parsers(method: Callable[..., Any]) -> list[RequestParser]:
    """The parsers that the code of a method names, in its module."""
    inner = unwrap(method)
    code = getattr(inner, "__code__", None)
    if code is None:
        return []
    known = getattr(inner, "__globals__", {})
    named = [known.get(name) for name in code.co_names]
    closed = [cell.cell_contents for cell in getattr(inner, "__closure__", None) or ()]
    return [one for one in (*named, *closed) if isinstance(one, RequestParser)]


def _add(argument: Argument, found: dict[str, Any]) -> None:
    locations: Any = (
        argument.location if isinstance(argument.location, (list, tuple)) else [argument.location]
    )
    schema: dict[str, Any] = dict(_TYPES.get(argument.type, {}))
    if argument.type is text_type:
        schema = {"type": "string"}
    if argument.choices:
        schema["enum"] = list(argument.choices)
    if argument.action in {"append", "split"}:
        schema = {"type": "array", "items": schema}
    place = next((_PLACES[one] for one in locations if one in _PLACES), None)
    if place is not None:
        parameter = {
            "name": argument.name,
            "in": place,
            "required": bool(argument.required) and len(locations) == 1,
        }
        found.setdefault("parameters", []).append({**parameter, "schema": schema})
        return
    media_type = "application/json" if "json" in locations else "multipart/form-data"
    body = found.setdefault("requestBody", {"content": {}})
    kept = body["content"].setdefault(media_type, {"schema": {"type": "object", "properties": {}}})
    kept["schema"]["properties"][argument.name] = schema
