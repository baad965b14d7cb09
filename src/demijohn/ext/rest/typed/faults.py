"""What is wrong with a request, all of it: the errors of a 422, and the search for them.

msgspec and its like stop at the first invalid value. When one did, the JSON is gone through once more, part by
part, and each part that its type refuses is looked into. This module must not know where a value was sent.
"""

from __future__ import annotations

import enum
import re
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import UNSET, UnsetType, ValidationError
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from demijohn.ext.rest.typed.kinds import (
    origin_of,
    Annotation,
    fields_of,
    is_model,
    item_of,
    members_of,
    plain,
    without,
)
from demijohn.extend import Filled, translate

__all__ = ["BrokenJSON", "Fault", "InvalidRequest", "MOST", "NotJSON", "REQUIRED", "faults_in", "reason_of"]

#: One error of a 422, as it is sent.
Fault: TypeAlias = dict[str, str]

#: No more errors than these are looked for.
MOST = 100

REQUIRED = "Required, and missing."

_place = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_steps = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_item = re.compile(r"\[(\d+)\](.*)", re.DOTALL)
_got = re.compile(r", got `[^`]*`$")
_expected = re.compile(
    r"Expected (?:one of (?P<choices>.*)\.|(?P<wanted>.*?)(?:, got (?P<got>.*))?)$", re.DOTALL
)
_unknown = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)


def _filled(detail: str) -> str:
    """What is said of a value, as a text that has translations where it is of a kind that comes often."""
    said = _expected.match(detail)
    if said is None:
        return detail
    if said["got"]:
        return Filled("Expected %(wanted)s, got %(got)s", wanted=said["wanted"], got=said["got"])
    if said["choices"]:
        return Filled("Expected one of %(choices)s.", choices=said["choices"])
    return Filled("Expected %(wanted)s", wanted=said["wanted"])


class InvalidRequest(UnprocessableEntity):
    """Values of a request are not what its view takes: 422.

    :param errors: Each with ``in``, a ``name`` or the ``pointer`` into the body (RFC 6901), and ``detail``.
    """

    def __init__(self, errors: list[Fault]) -> None:
        #: What is sent, for an error handler that sends it otherwise. It holds no values of the client's.
        self.errors = errors
        count = len(errors)
        super().__init__(
            "1 value is invalid." if count == 1 else Filled("%(count)s values are invalid.", count=count)
        )

    @property
    def members(self) -> dict[str, Any]:
        """What goes into the problem beside what all have."""
        return {"errors": [{**one, "detail": str(translate(_filled(one["detail"])))} for one in self.errors]}


class BrokenJSON(BadRequest):
    """A body that is no JSON: 400."""

    @classmethod
    def of(cls, error: Exception) -> BrokenJSON:
        """The error for what a parser says."""
        if isinstance(error, RecursionError):
            return cls("The JSON nests arrays and objects too deep. Send flatter data.")
        if isinstance(error, UnicodeDecodeError):
            return cls(Filled("The JSON is not UTF-8: byte %(place)s cannot be read.", place=error.start))
        return cls(Filled("The body cannot be read as JSON: %(reason)s.", reason=_place.sub("", str(error))))


class NotJSON(UnsupportedMediaType):
    """A body of another type than JSON: 415."""

    @classmethod
    def sent(cls) -> NotJSON:
        """The error that says what to send."""
        return cls("The body has to be JSON: send Content-Type: application/json, or one that ends in +json.")


def reason_of(error: Exception | str, annotation: Annotation, *, text: bool = False) -> str:
    """What an error says of a value, without the value.

    :param annotation: What was expected.
    :param text: Whether the value was text that stands for something else, so that its type says nothing.
    """
    message = _place.sub("", str(error))
    if message.startswith(("Invalid enum value", "Invalid value")):
        choices = _choices(annotation)
        return (
            f"Expected one of {', '.join(map(_shown, choices))}."
            if choices
            else "Not one of the values expected."
        )
    return _got.sub("", message) if text else message


def _choices(annotation: Annotation) -> list[Any]:
    """The values that an enumeration or a literal has."""
    found: list[Any] = []
    for member in members_of(annotation):
        item = item_of(member)
        if item is not UNSET and item is not Any:
            found += _choices(item)
        elif isinstance(member, type) and issubclass(member, enum.Enum):
            found += [choice.value for choice in member]
        elif origin_of(member) is Literal:
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


def faults_in(value: Any, annotation: Annotation, error: ValidationError | None = None) -> list[Fault]:
    """Each part of a value, read from JSON, that is not what its type wants.

    :param error: What its decoder said of the first of them.
    """
    found: list[Fault] = []
    sight = _sight(annotation)
    if error is None:
        _look(value, sight, "", found)
    else:
        _look_at(value, sight, "", found, *_taken_apart(error))
    return found


class _Sight:
    """What is known of a type when values of it are looked into, kept for the next one."""

    def __init__(self, annotation: Annotation) -> None:
        self.annotation = annotation
        self.made: Any = msgspec.defstruct("Probe", [("value", annotation)], array_like=True)
        members = members_of(annotation)
        self.items = [item for member in members if (item := item_of(member)) is not UNSET]
        self.mappings = [one for one in members if is_model(one) or (origin_of(one) or one) is dict]

    def probe(self, value: Any) -> None:
        """Raise what is wrong with a value. PERF: msgspec keeps what it knows of a class, not of an annotation."""
        msgspec.convert((value,), self.made, str_keys=True)

    @cached_property
    def item(self) -> _Sight | None:
        """The type of the items of a list; None where it does not say."""
        return _sight(self.items[0]) if len(self.items) == 1 and self.items[0] is not Any else None

    @cached_property
    def several(self) -> _Sight:
        """The type of a list of such values."""
        return _sight(list.__class_getitem__(self.annotation))

    @cached_property
    def fields(self) -> dict[str, tuple[bool, _Sight]]:
        """Of the fields of a model, whether each is required and its type, by key."""
        return {
            one.key: (one.required, _sight(without(one.annotation, UnsetType)))
            for one in fields_of(self.annotation)
        }

    def chosen(self, value: dict[str, Any]) -> _Sight | None:
        """Of the models and dictionaries in a union, the one that an object is meant for; None where nobody knows."""
        fitting = self.mappings
        if len(fitting) > 1:
            fitting = [member for member in fitting if _has_tag(value, member)]
        if len(fitting) != 1:
            return None
        config = getattr(fitting[0], "__struct_config__", None)
        return None if config is not None and config.array_like else _sight(fitting[0])


def _has_tag(value: dict[str, Any], member: Any) -> bool:
    config = getattr(plain(member), "__struct_config__", None)
    return config is not None and config.tag is not None and value.get(config.tag_field) == config.tag


@lru_cache(maxsize=4096)
def _sight(annotation: Annotation) -> _Sight:
    return _Sight(annotation)


def _taken_apart(error: ValidationError) -> tuple[str, str]:
    """Where an error is, and what it says."""
    text = str(error)
    at = _place.search(text)
    return ("", text) if at is None else (at[1], text[: at.start()])


def _look(value: Any, sight: _Sight, pointer: str, found: list[Fault]) -> None:
    """Add what is wrong with a value."""
    if len(found) >= MOST:
        return
    try:
        sight.probe(value)
    except ValidationError as e:
        place, message = _taken_apart(e)
        _look_at(value, sight, pointer, found, place.removeprefix("[0]"), message)


def _look_at(value: Any, sight: _Sight, pointer: str, found: list[Fault], place: str, message: str) -> None:
    """Add what is wrong with a value, whose first fault is known.

    :param place: Where that is, below the value; what comes before it is right.
    :param message: What is wrong there.
    """
    if len(found) >= MOST:
        return
    if place and isinstance(value, list) and sight.item is not None:
        _look_at_items(value, sight.item, pointer, found, place, message)
    elif isinstance(value, dict) and (chosen := sight.chosen(value)) is not None:
        _look_at_members(value, chosen, pointer, found, place, message)
    else:
        detail = reason_of(message, sight.annotation)
        found.append({"in": "body", "pointer": pointer + pointer_of(place), "detail": detail})


def _look_at_items(
    values: list[Any], sight: _Sight, pointer: str, found: list[Fault], place: str, message: str
) -> None:
    """Add what is wrong with items. PERF: those between faults are passed over at once, by msgspec."""
    start = 0
    while len(found) < MOST:
        at = _item.match(place)
        if at is None:
            return
        start += int(at[1])
        _look_at(values[start], sight, f"{pointer}/{start}", found, at[2], message)
        start += 1
        try:
            sight.several.probe(values[start:])
            return
        except ValidationError as e:
            place, message = _taken_apart(e)
            place = place.removeprefix("[0]")


def _look_at_members(
    value: dict[str, Any], sight: _Sight, pointer: str, found: list[Fault], place: str, message: str
) -> None:
    """Add what is wrong with the members of an object."""
    if not is_model(sight.annotation):
        inner = _sight(get_args(sight.annotation)[1])
        for key, part in value.items():
            _look(part, inner, f"{pointer}/{_escaped(key)}", found)
        return
    first = _first_key(place, sight.fields)
    before = len(found)
    passed = first is None  # all that is there is right, or it cannot be told what is not
    for key, part in value.items():
        known = sight.fields.get(key)
        if key == first and known is not None:
            passed = True
            rest = place[len(key) + 1 :]
            _look_at(part, known[1], f"{pointer}/{_escaped(key)}", found, rest, message)
        elif passed and known is not None:
            _look(part, known[1], f"{pointer}/{_escaped(key)}", found)
    for key, (required, _) in sight.fields.items():
        if required and key not in value and len(found) < MOST:
            found.append({"in": "body", "pointer": f"{pointer}/{_escaped(key)}", "detail": REQUIRED})
    if len(found) == before:
        unknown = _unknown.match(message)
        at = f"/{_escaped(unknown[1])}" if unknown else pointer_of(place)
        detail = "Unknown field." if unknown else reason_of(message, sight.annotation)
        found.append({"in": "body", "pointer": pointer + at, "detail": detail})


def _first_key(place: str, fields: dict[str, Any]) -> str | None:
    """The key that a place begins with."""
    fitting = [
        key
        for key in fields
        if place.startswith(f".{key}") and place[len(key) + 1 : len(key) + 2] in {"", ".", "["}
    ]
    return max(fitting, key=len) if fitting else None
