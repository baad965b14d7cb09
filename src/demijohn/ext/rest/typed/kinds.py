"""What an annotation is: a model, a plain value, a list of either; and what its parts are.

Models are classes of msgspec, dataclasses, TypedDicts, named tuples, attrs and pydantic classes. This module
must not know where values come from.
"""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache, wraps
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, NODEFAULT, UnsetType

__all__ = [
    "Annotation", "Field", "fields_of", "has_pydantic", "is_body", "is_model", "is_pydantic", "item_of", "kept",
    "members_of", "models_in", "name_of", "origin_of", "plain", "without",
]  # fmt: skip

_LISTS: tuple[Any, ...] = (
    list, tuple, set, frozenset, Collection, MutableSequence, Sequence, AbstractSet, Iterable, Iterator,
)  # fmt: skip
#: What stands behind a parameter's colon: a class, a union, a list of one. Python has no type for all of them.
Annotation: TypeAlias = Any

#: What a generic type was made of; None for what is none.
origin_of: Callable[[Any], Any] = get_origin

F = TypeVar("F", bound=Callable[[Any], Any])

_UNIONS = (typing.Union, types.UnionType)


def kept(function: F) -> F:
    """Keep what a function of an annotation returned. PERF: a thousand routes have the same few annotations."""
    remember = lru_cache(maxsize=4096)(function)

    @wraps(function)
    def ask(annotation: Annotation) -> Any:
        try:
            hash(annotation)
        except TypeError:  # it holds something that cannot be hashed
            return function(annotation)
        return remember(annotation)

    return cast(F, ask)


@kept
def plain(annotation: Annotation) -> Any:
    """An annotation without ``Annotated``, ``NewType`` and the name of an alias around it."""
    while True:
        if origin_of(annotation) in {Annotated, typing.Required, typing.NotRequired}:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


@kept
def members_of(annotation: Annotation) -> tuple[Any, ...]:
    """The members of a union; of what is none, itself alone."""
    annotation = plain(annotation)
    if origin_of(annotation) not in _UNIONS:
        return (annotation,)
    return tuple(part for member in get_args(annotation) for part in members_of(member))


def without(annotation: Annotation, *unwanted: Any) -> Any:
    """A union without some of its members; anything else as it is."""
    if origin_of(plain(annotation)) not in _UNIONS:
        return annotation
    kept = [member for member in get_args(plain(annotation)) if plain(member) not in unwanted]
    return typing.Union[tuple(kept)] if kept else annotation  # noqa: UP007 - made here, not written


def item_of(annotation: Annotation) -> Any:
    """What a list, tuple or set holds, Any for one that does not say; UNSET for what is none."""
    annotation = plain(annotation)
    origin = origin_of(annotation) or annotation
    if origin not in _LISTS:
        return UNSET
    arguments = get_args(annotation)
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return UNSET  # of a fixed length, which is no list
    return arguments[0] if arguments else Any


def is_pydantic(cls: Any) -> bool:
    """Whether it is a class of pydantic, which is not imported to find out."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(cls, type) and issubclass(cls, pydantic.BaseModel)


@kept
def is_model(annotation: Annotation) -> bool:
    """Whether it is a class with named and typed fields."""
    cls = plain(annotation)
    cls = origin_of(cls) or cls
    return isinstance(cls, type) and (
        issubclass(cls, msgspec.Struct)
        or dataclasses.is_dataclass(cls)
        or hasattr(cls, "__attrs_attrs__")
        or typing.is_typeddict(cls)
        or (issubclass(cls, tuple) and hasattr(cls, "_fields"))
        or is_pydantic(cls)
    )


@kept
def is_body(annotation: Annotation) -> bool:
    """Whether what it stands for can only come as JSON: a model, a dictionary, a list or union of them."""
    for member in members_of(annotation):
        if is_model(member) or (origin_of(member) or member) in {dict, Mapping}:
            return True
        item = item_of(member)
        if item is not UNSET and item is not Any and is_body(item):
            return True
    return False


def models_in(annotation: Annotation, seen: list[Any] | None = None) -> list[Any]:
    """All models that an annotation is made of, at any depth."""
    found: list[Any] = [] if seen is None else seen
    for member in members_of(annotation):
        if member in found:
            continue
        if is_model(member):
            found.append(member)
            for field in fields_of(member):
                models_in(field.annotation, found)
        else:
            for argument in get_args(member):
                if argument is not Ellipsis:
                    models_in(argument, found)
    return found


def has_pydantic(annotation: Annotation) -> bool:
    """Whether a class of pydantic is a part of it."""
    return "pydantic" in sys.modules and any(map(is_pydantic, models_in(annotation)))


class Field(NamedTuple):
    """A field of a model."""

    #: The attribute.
    name: str
    #: The name in JSON.
    key: str
    annotation: Annotation
    required: bool
    #: The default, UNSET where there is none that can be shown.
    default: Any = UNSET


@lru_cache(maxsize=2048)
def fields_of(model: Annotation) -> tuple[Field, ...]:
    """The fields of a model, those of a generic one with what it was made of."""
    cls = plain(model)
    if is_pydantic(origin_of(cls) or cls):
        return tuple(_pydantic_fields(cls))
    described: Any = msgspec.inspect.type_info(cls)
    hints = _hints(cls)
    return tuple(
        Field(
            field.name,
            field.encode_name,
            hints.get(field.name, Any),
            field.required,
            UNSET if field.default is NODEFAULT else field.default,
        )
        for field in described.fields
    )


def _pydantic_fields(cls: Any) -> Iterator[Field]:
    for name, info in cls.model_fields.items():
        annotation = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        default = info.default if not info.is_required() and info.default_factory is None else UNSET
        yield Field(name, info.alias or name, annotation, info.is_required(), default)


def _hints(cls: Any) -> dict[str, Any]:
    origin = origin_of(cls) or cls
    hints = typing.get_type_hints(origin, include_extras=True)
    parameters = getattr(origin, "__parameters__", ())
    given = dict(zip(parameters, get_args(cls), strict=False))
    return {name: _filled(hint, given) for name, hint in hints.items()} if given else hints


def _filled(hint: Annotation, given: dict[Any, Any]) -> Any:
    """A hint with type variables replaced."""
    if isinstance(hint, TypeVar):
        return given.get(hint, Any)
    open_ones = getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(one, Any) for one in open_ones)] if open_ones else hint


def name_of(annotation: Annotation) -> str:
    """How an annotation is written, short enough for a message."""
    annotation = plain(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is UnsetType:
        return "UNSET"
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")
