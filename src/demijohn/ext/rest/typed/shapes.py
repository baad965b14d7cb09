"""What is sent of a value: the fields that the annotation has, at any depth, and no others.

A value whose parts are of just the annotated classes is written as it stands. Any other, an object of a database
or of a subclass, is read by attribute into structures that have the annotated fields only. This module must not
know responses.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType, ValidationError

from demijohn.ext.rest.typed.kinds import (
    origin_of, Annotation, fields_of, has_pydantic, is_model, item_of, kept, members_of, models_in, name_of, plain,
)  # fmt: skip
from demijohn.extend import later

if TYPE_CHECKING:
    import pydantic
else:
    pydantic = later("pydantic")

__all__ = ["Encode", "WrongAnswer", "encode_plain", "encoder_for", "encoder_of_own"]

#: Writes a value as JSON.
Encode = Callable[[Any], bytes]


class WrongAnswer(TypeError):
    """A view returned what its annotation does not promise."""


def _enc_hook(value: object) -> Any:
    html = getattr(value, "__html__", None)
    if html is not None:
        return str(html())
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


encode_plain: Encode = msgspec.json.Encoder(enc_hook=_enc_hook).encode


def encoder_for(annotation: Annotation, *, checked: bool, where: str) -> Encode:
    """What writes values of a type.

    :param checked: Look at each value closely, as in debug mode: types of plain fields and limits too.
    :param where: What promises the type, for messages.
    """
    if has_pydantic(annotation):
        return _by_pydantic(annotation, where)
    models = models_in(annotation)
    if not models and not checked:
        return encode_plain
    holder = _holder_of(annotation, checked)
    convert, encode = msgspec.convert, encode_plain
    lists = item_of(annotation) is not UNSET

    def shaped(value: Any) -> bytes:
        if lists and not isinstance(value, (list, tuple, set, frozenset)):
            value = list(value)
        try:
            made = convert((value,), holder, from_attributes=True, dec_hook=_dec_hook, str_keys=False)
        except ValidationError as e:
            reason = str(e).replace("$[0]", "$", 1)
            raise WrongAnswer(
                f"{where} promises {name_of(annotation)} and returned a {type(value).__name__} that is none: {reason}."
            ) from e
        return encode(made.value)

    if checked:
        return shaped
    exact = exactness_of(annotation)
    if exact is None:
        return shaped

    def encoded(value: Any) -> bytes:
        return encode(value) if exact(value) else shaped(value)

    return encoded


def encoder_of_own(annotation: Annotation, encode: Encode, *, checked: bool) -> Encode:
    """What writes values that are of just the annotated class. PERF: without a look at those that have no parts.

    :param encode: What writes any value of the type.
    """
    flat = is_model(annotation) and not any(models_in(field.annotation) for field in fields_of(annotation))
    as_it_stands = flat and not checked and exactness_of(annotation) is not None
    return encode_plain if as_it_stands else encode


@lru_cache(maxsize=1024)
def _holder_of(annotation: Annotation, checked: bool) -> Any:
    """A structure around the one for an annotation. PERF: the same for all views that promise it."""
    shape = _Shapes(constrained=checked).of(annotation)
    return msgspec.defstruct("Answer", [("value", shape)], array_like=True)


def _by_pydantic(annotation: Annotation, where: str) -> Encode:
    adapter: Any = pydantic.TypeAdapter(annotation)
    invalid = pydantic.ValidationError

    def encoded(value: Any) -> bytes:
        try:
            made: bytes = adapter.dump_json(value, by_alias=True, warnings="error")
        except pydantic.PydanticSchemaGenerationError:
            raise
        except Exception:  # its own error for what is not of the class, which is read by attribute instead
            try:
                read = adapter.validate_python(value, from_attributes=True)
            except invalid as e:
                raise WrongAnswer(
                    f"{where} promises {name_of(annotation)} and returned something else: {e}"
                ) from e
            made = adapter.dump_json(read, by_alias=True)
        return made

    return encoded


# Structures with the annotated fields.


class _Choosing(type):
    """Of a place where one of several models stands; what was made for it counts as being of it."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


def _dec_hook(kind: Annotation, value: Any) -> Any:
    pick = getattr(kind, "pick", None)
    if pick is None:
        raise NotImplementedError(f"{kind!r} is no type that values are read as")
    return pick(value)


class _Shapes:
    """Makes the structures.

    :param constrained: Keep the limits of values as well.
    """

    def __init__(self, constrained: bool) -> None:
        self.constrained = constrained
        self.made: dict[Any, Any] = {}

    def of(self, annotation: Annotation) -> Any:
        """The annotation with each model replaced by its structure."""
        limits: tuple[Any, ...] = ()
        if self.constrained and origin_of(annotation) is Annotated:
            limits = tuple(one for one in get_args(annotation)[1:] if isinstance(one, Meta))
        shape = self._of_plain(plain(annotation))
        return Annotated[(shape, *limits)] if limits else shape

    def _of_plain(self, annotation: Annotation) -> Any:
        if is_model(annotation):
            return self._model(annotation)
        members = members_of(annotation)
        if len(members) > 1:
            models = [member for member in members if is_model(member)]
            if len(models) > 1:
                others = [member for member in members if member not in models]
                return self._union([self._choice(models), *map(self.of, others)])
            return self._union([self.of(member) for member in get_args(annotation)])
        arguments = get_args(annotation)
        origin = origin_of(annotation)
        if not arguments or not models_in(annotation):
            return annotation
        return origin[tuple(one if one is Ellipsis else self.of(one) for one in arguments)]

    @staticmethod
    def _union(members: list[Any]) -> Any:
        union = members[0]
        for member in members[1:]:
            union = union | member
        return union

    def _model(self, model: Annotation) -> Any:
        if model in self.made:
            return self.made[model] or self._again(model)
        self.made[model] = None  # while it is made: a model may have itself as a part
        cls = origin_of(model) or model
        config: Any = getattr(cls, "__struct_config__", None)
        fields: list[Any] = []
        for field in fields_of(model):
            shape = self.of(field.annotation)
            if field.required or (config is not None and not UnsetType in members_of(field.annotation)):  # noqa: E713
                fields.append((field.name, shape))
            else:
                fields.append((field.name, shape | UnsetType, UNSET))
        options: dict[str, Any] = {}
        if config is not None:
            options = {"tag": config.tag, "tag_field": config.tag_field, "array_like": config.array_like}
        made = msgspec.defstruct(
            cls.__name__,
            fields,
            rename={one.name: one.key for one in fields_of(model)},
            kw_only=True,
            **options,
        )
        self.made[model] = made
        return made

    def _again(self, model: Annotation) -> Any:
        """Stands for a structure that is not complete yet."""

        def pick(value: Any) -> Any:
            return msgspec.convert(value, self.made[model], from_attributes=True, dec_hook=_dec_hook)

        return _Choosing(f"{name_of(model)}Again", (), {"pick": staticmethod(pick)})

    def _choice(self, models: list[Any]) -> Any:
        """Stands for one of several models: which, the class of the value says."""
        shapes = [(origin_of(model) or model, self.of(model)) for model in models]

        def pick(value: Any) -> Any:
            kinds = type(value).__mro__
            fitting = [(kinds.index(cls), shape) for cls, shape in shapes if cls in kinds]
            if not fitting:
                names = ", ".join(cls.__name__ for cls, _ in shapes)
                raise ValueError(f"Expected one of {names}, got `{type(value).__name__}`")
            shape = min(fitting, key=lambda one: one[0])[1]
            return msgspec.convert(value, shape, from_attributes=True, dec_hook=_dec_hook)

        return _Choosing("Choice", (), {"pick": staticmethod(pick)})


# Whether a value can be written as it stands.


@kept
def exactness_of(annotation: Annotation) -> Callable[[Any], bool] | None:
    """What tells whether each model in a value is of just the class that is annotated; None where only Structs can.

    PERF: as source text, since it goes through every value that is sent: a tenth of reading it by attribute.
    """
    models = models_in(annotation)
    if not all(isinstance(origin_of(one) or one, type) and _is_struct(one) for one in models):
        return None
    tests = _Tests(models)
    lines = ["def exact(v):", *tests.of(annotation, "v", 1, 1), "    return True", *tests.functions()]
    if not tests.readable:
        return None
    # Only names of fields of classes get in here, each an identifier.
    exec("\n".join(lines), tests.names)  # noqa: S102 - see above
    made: Callable[[Any], bool] = tests.names["exact"]
    return made


def _is_struct(model: Annotation) -> bool:
    return issubclass(_class_of(model), msgspec.Struct)


#: At how many named values a function of its own goes on: a source text must not nest more than 20 loops.
_MOST_LEVELS = 9


class _Tests:
    """Lines that return False where a part of a value is of another class than the annotated.

    PERF: in one function, but for models that have themselves as a part, since a call takes as long as three tests.

    :param models: The models that they are about.
    """

    def __init__(self, models: list[Any]) -> None:
        self._models = models
        self._again = [model for model in models if model in _parts_of(model)]
        self._called: list[Any] = []
        #: What the lines name.
        self.names: dict[str, Any] = {}
        #: Whether all fields can be written as source text.
        self.readable = True

    def functions(self) -> list[str]:
        """The functions that are called."""
        lines: list[str] = []
        for model in self._called:  # which grows meanwhile
            lines.append(f"def exact{self._models.index(model)}(v):")
            lines += [*self.of_fields(model, "v", 1, 1), "    return True"]
        return lines

    def of_fields(self, model: Annotation, value: str, depth: int, level: int) -> list[str]:
        """Lines for the fields of a model.

        :param depth: How far they are indented.
        :param level: How many values are named above.
        """
        lines: list[str] = []
        for field in fields_of(model):
            if not field.name.isidentifier() or keyword.iskeyword(field.name):
                self.readable = False
            lines += self.of(field.annotation, f"{value}.{field.name}", depth, level)
        return lines

    def of(self, annotation: Annotation, value: str, depth: int, level: int) -> list[str]:
        """Lines for a value; the parameters are as above."""
        if not models_in(annotation):
            return []
        indent, own = "    " * depth, f"v{level}"
        no = f"{indent}return False"
        members = members_of(annotation)
        solid = [member for member in members if member is not type(None)]
        if len(solid) > 1:
            return [no]  # what has to be chosen is read by attribute
        kind = solid[0]
        lines = [f"{indent}{own} = {value}"]
        if len(solid) < len(members):
            lines.append(f"{indent}if {own} is not None:")
            return [*lines, *self.of(kind, own, depth + 1, level + 1)]
        if is_model(kind):
            return lines + self._of_model(kind, own, depth, level + 1)
        item, origin = item_of(kind), origin_of(kind)
        if item is not UNSET and origin in {list, tuple, set, frozenset}:
            loop = f"{indent}for w{level} in {own}:"
        elif origin is dict and not models_in(get_args(kind)[0]):
            item, loop = get_args(kind)[1], f"{indent}for w{level} in {own}.values():"
        else:
            return [no]
        lines += [f"{indent}if {own}.__class__ is not {origin.__name__}: return False", loop]
        return [*lines, *self.of(item, f"w{level}", depth + 1, level + 1)]

    def _of_model(self, model: Annotation, value: str, depth: int, level: int) -> list[str]:
        indent, number = "    " * depth, self._models.index(model)
        self.names[f"c{number}"] = _class_of(model)
        lines = [f"{indent}if {value}.__class__ is not c{number}: return False"]
        if model not in self._again and level <= _MOST_LEVELS:
            return lines + self.of_fields(model, value, depth, level)
        if model not in self._called:
            self._called.append(model)
        return [*lines, f"{indent}if not exact{number}({value}): return False"]


def _class_of(model: Annotation) -> Any:
    return origin_of(model) or model


def _parts_of(model: Annotation) -> list[Any]:
    """The models that the fields of one are made of."""
    return [part for field in fields_of(model) for part in models_in(field.annotation)]
