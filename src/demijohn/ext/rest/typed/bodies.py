"""Bodies of JSON, read as the type that a view takes.

JSON is read strictly: ``5.0``, ``"5"`` and ``false`` are no integers. This module must not know parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import DecodeError, ValidationError

from demijohn.ext.rest.typed.faults import MOST, BrokenJSON, Fault, InvalidRequest, faults_in
from demijohn.ext.rest.typed.kinds import Annotation, has_pydantic, is_pydantic, kept, members_of
from demijohn.extend import later

if TYPE_CHECKING:
    import pydantic
else:
    pydantic = later("pydantic")

__all__ = ["KNOWN", "body_reader", "is_json"]

#: PERF: what most clients send, known without taking it apart.
KNOWN = frozenset({"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"})


def is_json(content_type: str) -> bool:
    """Whether a Content-Type says JSON: ``application/json`` or one that ends in ``+json``."""
    media = content_type.partition(";")[0].strip().lower()
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


@kept
def body_reader(annotation: Annotation) -> Callable[[bytes], Any]:
    """What reads a body of JSON as a type.

    It raises :class:`InvalidRequest` with all that is wrong, and :class:`BrokenJSON`.

    :raises TypeError: for a type that cannot be read from JSON.
    """
    decode, explain = (_by_pydantic if has_pydantic(annotation) else _by_msgspec)(annotation)

    def read(data: bytes) -> Any:
        try:
            if not data.isascii():
                data.decode()
            return decode(data)
        except (ValidationError, _PydanticError) as e:
            try:
                faults = explain(data, e)
            except (DecodeError, RecursionError) as broken:
                raise BrokenJSON.of(broken) from None
            raise InvalidRequest(faults) from None
        except (DecodeError, UnicodeDecodeError, RecursionError) as e:
            raise BrokenJSON.of(e) from None

    return read


class _PydanticError(Exception):
    """An error of pydantic's, as far as is known here before it is imported."""

    def __init__(self, errors: list[Any]) -> None:
        self.errors = errors


def _by_msgspec(annotation: Annotation) -> tuple[Callable[[bytes], Any], Callable[[bytes, Any], list[Fault]]]:
    read_plain = msgspec.json.Decoder().decode

    def explain(data: bytes, error: ValidationError) -> list[Fault]:
        return faults_in(read_plain(data), annotation, error)

    return msgspec.json.Decoder(annotation).decode, explain


def _by_pydantic(
    annotation: Annotation,
) -> tuple[Callable[[bytes], Any], Callable[[bytes, Any], list[Fault]]]:
    if not any(map(is_pydantic, _tops(annotation))):
        raise TypeError("a pydantic model cannot be a field of another kind of model")
    adapter: Any = pydantic.TypeAdapter(annotation)
    invalid = pydantic.ValidationError

    def decode(data: bytes) -> Any:
        try:
            return adapter.validate_json(data, strict=True)
        except invalid as e:
            errors = e.errors(include_url=False, include_input=False, include_context=False)
            if errors[0]["type"] == "json_invalid":
                raise DecodeError(errors[0]["msg"]) from None
            raise _PydanticError(errors) from None

    def explain(data: bytes, error: _PydanticError) -> list[Fault]:
        return [
            {
                "in": "body",
                "pointer": "".join(
                    f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in one["loc"]
                ),
                "detail": str(one["msg"]),
            }
            for one in error.errors[:MOST]
        ]

    return decode, explain


def _tops(annotation: Annotation) -> list[Any]:
    """The classes that stand in an annotation itself, not in fields."""
    found: list[Any] = []
    for member in members_of(annotation):
        arguments = getattr(member, "__args__", ())
        found += [part for argument in arguments for part in _tops(argument)] if arguments else [member]
    return found
