"""What is wrong with a request, all of it: the errors of a 422, and the search for them.

msgspec and its like stop at the first invalid value. When one did, the JSON is gone through once more, part by
part, and each part that its type refuses is looked into. This module must not know where a value was sent.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType, ValidationError
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from demijohn.ext.rest.typed.kinds import fields_of, is_model, item_of, members_of, name_of, plain, without

__all__ = ["MOST", "REQUIRED", "BrokenJSON", "Fault", "InvalidRequest", "NotJSON", "faults_in", "reason_of"]

#: One error of a 422, as it is sent.
Fault: TypeAlias = dict[str, str]

#: No more errors than these are looked for.
MOST = 100

REQUIRED = "Required, and missing."

_place = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_steps = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_got = re.compile(r", got `[^`]*`$")
_missing = re.compile(r"Object missing required field `(.*)`$", re.DOTALL)
_unknown = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)


class InvalidRequest(UnprocessableEntity):
    """Values of a request are not what its view takes: 422.

    :param errors: Each with ``in``, a ``name`` or the ``pointer`` into the body (RFC 6901), and ``detail``.
    """

    def __init__(self, errors: list[Fault]) -> None:
        #: What is sent, for an error handler that sends it otherwise. It holds no values of the client's.
        self.errors = errors
        count = len(errors)
        super().__init__("1 value is invalid." if count == 1 else f"{count} values are invalid.")

    @property
    def members(self) -> dict[str, Any]:
        """What goes into the problem beside what all have."""
        return {"errors": self.errors}


class BrokenJSON(BadRequest):
    """A body that is no JSON: 400."""

    @classmethod
    def of(cls, error: Exception) -> BrokenJSON:
        """The error for what a parser says."""
        if isinstance(error, RecursionError):
            return cls("The JSON nests arrays and objects too deep. Send flatter data.")
        if isinstance(error, UnicodeDecodeError):
            return cls(f"The JSON is not UTF-8: byte {error.start} cannot be read.")
        return cls(f"The body cannot be read as JSON: {_place.sub('', str(error))}.")


class NotJSON(UnsupportedMediaType):
    """A body of another type than JSON: 415."""

    @classmethod
    def sent(cls) -> NotJSON:
        """The error that says what to send."""
        return cls("The body has to be JSON: send Content-Type: application/json, or one that ends in +json.")


def reason_of(error: Exception, annotation: Any, *, text: bool = False) -> str:
    """What an error says of a value, without the value.

    :param annotation: What was expected.
    :param text: Whether the value was text that stands for something else, so that its type says nothing.
    """
    message = _place.sub("", str(error))
    if message.startswith(("Invalid enum value", "Invalid value")):
        choices = _choices(annotation)
        return f"Expected one of {', '.join(map(_shown, choices))}." if choices else "Not one of the values expected."
    return _got.sub("", message) if text else message


def _choices(annotation: Any) -> list[Any]:
    """The values that an enumeration or a literal has."""
    found: list[Any] = []
    for member in members_of(annotation):
        item = item_of(member)
        if item is not UNSET and item is not Any:
            found += _choices(item)
        elif isinstance(member, type) and issubclass(member, enum.Enum):
            found += [choice.value for choice in member]
        elif get_origin(member) is Literal:
            found += get_args(member)
    return found


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()


def pointer_of(place: str) -> str:
    """msgspec's ``.lines[1].price`` as a JSON pointer, as far as it says."""
    parts = []
    for name, index in _steps.findall(place):
        if index == "...":
            break
        parts.append(_escaped(name) if name else index)
    return "".join(f"/{part}" for part in parts)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


@lru_cache(maxsize=4096)
def _probe(annotation: Any) -> Any:
    """Raises what is wrong with a value read from JSON. PERF: msgspec keeps what it knows of a class, not of others."""
    try:
        made = msgspec.defstruct("Probe", [("value", annotation)], array_like=True)
    except TypeError:  # a name that is not hashable in there
        return lambda value: msgspec.convert(value, annotation, str_keys=True)
    convert = msgspec.convert
    return lambda value: convert((value,), made, str_keys=True)


def faults_in(value: Any, annotation: Any, pointer: str = "") -> list[Fault]:
    """Each part of a value, read from JSON, that is not what its type wants.

    :param pointer: Where the value stands.
    """
    found: list[Fault] = []
    _look(value, annotation, pointer, found)
    return found


def _look(value: Any, annotation: Any, pointer: str, found: list[Fault]) -> None:
    if len(found) >= MOST:
        return
    try:
        _probe(annotation)(value)
        return
    except ValidationError as e:
        error = e
    before = len(found)
    for part, kind, place in _parts(value, annotation):
        if part is _ABSENT:
            found.append({"in": "body", "pointer": f"{pointer}/{place}", "detail": REQUIRED})
        else:
            _look(part, kind, f"{pointer}/{place}", found)
        if len(found) >= MOST:
            return
    if len(found) == before:
        found.append(_own(error, annotation, pointer))


def _own(error: ValidationError, annotation: Any, pointer: str) -> Fault:
    """The fault that a value has although its parts have none."""
    text = str(error)
    at = _place.search(text)
    if at is not None and at[1].startswith("[0]"):  # of the probe's one value
        pointer += pointer_of(at[1][3:])
    message = _place.sub("", text)
    missing, unknown = _missing.match(message), _unknown.match(message)
    if missing:
        return {"in": "body", "pointer": f"{pointer}/{_escaped(missing[1])}", "detail": REQUIRED}
    if unknown:
        return {"in": "body", "pointer": f"{pointer}/{_escaped(unknown[1])}", "detail": "Unknown field."}
    return {"in": "body", "pointer": pointer, "detail": reason_of(error, annotation)}


class _Absent:
    """Stands for a field that was not sent."""


_ABSENT = _Absent()


def _parts(value: Any, annotation: Any) -> list[tuple[Any, Any, str]]:
    """The parts of a list or object, each with its type and its place; none where the type does not say."""
    kind = _chosen(value, annotation)
    if kind is None:
        return []
    if isinstance(value, list):
        item = item_of(kind)
        return [] if item is UNSET or item is Any else [(part, item, str(n)) for n, part in enumerate(value)]
    if not is_model(kind):
        arguments = get_args(kind)
        return [(part, arguments[1], _escaped(key)) for key, part in value.items()] if len(arguments) == 2 else []
    return [
        (value.get(field.key, _ABSENT), without(field.annotation, UnsetType), _escaped(field.key))
        for field in fields_of(kind)
        if field.required or field.key in value
    ]


def _chosen(value: Any, annotation: Any) -> Any:
    """Of the members of a union, the one that a list or object is meant for; None where that cannot be said."""
    if isinstance(value, list):
        fitting = [member for member in members_of(annotation) if item_of(member) is not UNSET]
    elif isinstance(value, dict):
        fitting = [
            member
            for member in members_of(annotation)
            if is_model(member) or (get_origin(member) or member) is dict
        ]
        if len(fitting) > 1:
            fitting = [member for member in fitting if _has_tag(value, member)]
    else:
        return None
    if len(fitting) != 1:
        return None
    config = getattr(fitting[0], "__struct_config__", None)
    return None if config is not None and config.array_like else fitting[0]


def _has_tag(value: dict[str, Any], member: Any) -> bool:
    config = getattr(plain(member), "__struct_config__", None)
    return config is not None and config.tag is not None and value.get(config.tag_field) == config.tag


def expected(annotation: Any) -> str:
    """What stands in a message for a type."""
    return f"Expected `{name_of(annotation)}`"
