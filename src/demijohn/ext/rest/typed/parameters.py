"""The parameters of a view or provider: from its signature, once, when the application starts.

What cannot be told from the annotations is an error then, which names the view, the parameter and how to say it.
This module must not know how values are read.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from msgspec import UNSET, UnsetType
from werkzeug.datastructures import FileStorage

from demijohn.ext.rest.typed.kinds import (
    origin_of,
    Annotation,
    is_body,
    is_model,
    item_of,
    members_of,
    name_of,
    plain,
    without,
)
from demijohn.ext.rest.typed.sources import Body, File, Path, Query, Source, Supplier

__all__ = ["BadSignature", "Parameter", "hints_of", "parameters_of", "place_of"]

#: HTTP methods whose requests have no body (RFC 9110, section 9.3).
_BODYLESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})


class BadSignature(TypeError):
    """The annotations of a view or provider do not say what it takes or sends."""


@dataclass(frozen=True)
class Parameter:
    """One parameter, and where it comes from."""

    #: The argument of the function.
    name: str
    #: Its type, with what constrains it and without its source.
    annotation: Annotation
    #: A source, a supplier, or None for what a provider makes.
    source: Source | Supplier | None
    #: The default, UNSET for none: what has none is required.
    default: Any = UNSET
    required: bool = True

    @property
    def place(self) -> str:
        """The word for where it comes from."""
        return self.source.place if isinstance(self.source, Source) else "provider"

    @property
    def key(self) -> str:
        """The name that clients use."""
        return self.source.called(self.name) if isinstance(self.source, Source) else self.name


def place_of(function: Callable[..., Any]) -> str:
    """Where a function is written, for messages."""
    inner = inspect.unwrap(function)
    code = getattr(inner, "__code__", None)
    line = "" if code is None else f" ({code.co_filename}:{code.co_firstlineno})"
    return f"{getattr(inner, '__module__', '?')}.{getattr(inner, '__qualname__', repr(inner))}{line}"


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function, all names in them resolved.

    :raises BadSignature: for a name that is not there.
    """
    inner = inspect.unwrap(function)
    try:
        return typing.get_type_hints(inner, include_extras=True)
    except NameError as e:
        named = next(
            (name for name, hint in getattr(inner, "__annotations__", {}).items() if _mentions(hint, e.name)),
            "?",
        )
        raise BadSignature(
            f"{place_of(function)}: the annotation of {named!r} has the name {e.name!r}, which is not defined in its"
            " module. Import it there, not under TYPE_CHECKING, or define it outside of functions."
        ) from None


def _mentions(hint: object, name: str | None) -> bool:
    return name is not None and name in str(hint)


def parameters_of(
    function: Callable[..., Any],
    path: Collection[str] = (),
    provided: Collection[Any] = (),
    methods: Collection[str] = (),
    hints: dict[str, Any] | None = None,
) -> list[Parameter]:
    """The parameters of a view or provider.

    :param path: The names of the variable parts of the rule.
    :param provided: The types that providers make.
    :param methods: The HTTP methods of the route.
    :param hints: The annotations, where they are known already.
    :raises BadSignature: for what cannot be told.
    """
    hints = hints_of(function) if hints is None else hints
    found: list[Parameter] = []
    for name, parameter in inspect.signature(inspect.unwrap(function)).parameters.items():
        where = f"{place_of(function)}: the parameter {name!r}"
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
            raise BadSignature(f"{where} cannot be given by name. Write each parameter out, without * and /.")
        if name == "self" and not found:
            continue
        default = UNSET if parameter.default is parameter.empty else parameter.default
        required = parameter.default is parameter.empty
        annotation = hints.get(name, UNSET)
        if annotation is UNSET:
            if name not in path:
                raise BadSignature(
                    f"{where} has no annotation. Say what it is: {name}: int, or {name}: Model."
                )
            annotation = Any
        found.append(_parameter(where, name, annotation, default, required, path, provided))
    _check_body(function, found, methods)
    return found


def _parameter(
    where: str,
    name: str,
    annotation: Annotation,
    default: Any,
    required: bool,
    path: Collection[str],
    provided: Any,
) -> Parameter:
    annotation, marks = _taken_apart(annotation)
    if len(marks) > 1:
        raise BadSignature(f"{where} has two sources, {marks[0]!r} and {marks[1]!r}. Keep one.")
    source = marks[0] if marks else _source(where, name, annotation, path, provided)
    if isinstance(source, Path) and source.called(name) not in path:
        raise BadSignature(
            f"{where} is a part of the path, and the rule has no <{source.called(name)}>: it has"
            f" {', '.join(f'<{part}>' for part in path) or 'no variable parts'}."
        )
    if isinstance(source, Source) and not isinstance(source, (Body, File)):
        models = [member for member in members_of(annotation) if is_model(member)]
        if models and (source.name is not None or isinstance(source, Path)):
            raise BadSignature(
                f"{where} is a model, whose fields are the parameters, so {source!r} cannot name it."
            )
        if not models and is_body(annotation):
            raise BadSignature(
                f"{where} is {name_of(annotation)}, which {source.place} cannot hold. Use a model whose fields are the"
                " parameters, or a list of plain values."
            )
    if UnsetType in members_of(annotation) and required:
        default, required = UNSET, False
    return Parameter(name, annotation, source, default, required)


def _taken_apart(annotation: Annotation) -> tuple[Any, list[Source | Supplier]]:
    """An annotation without its sources, and they."""
    if origin_of(annotation) is not Annotated:
        return annotation, []
    inner, *metadata = get_args(annotation)
    marks = [made() if isinstance(made, type) else made for made in metadata if _is_mark(made)]
    kept = [one for one in metadata if not _is_mark(one)]
    return (Annotated[(inner, *kept)] if kept else inner), marks


def _is_mark(made: object) -> bool:
    return isinstance(made, (Source, Supplier)) or (
        isinstance(made, type) and issubclass(made, (Source, Supplier))
    )


def _source(
    where: str, name: str, annotation: Annotation, path: Collection[str], provided: Any
) -> Source | None:
    """Where a parameter comes from that does not say so itself; None for a provider."""
    if name in path:
        return Path()
    if plain(annotation) in provided:
        return None
    kind = without(annotation, type(None), UnsetType)
    item = item_of(kind)
    if plain(kind if item is UNSET else item) is FileStorage:
        return File()
    if is_body(annotation):
        return Body()
    if annotation is Any or (isinstance(plain(kind), type) and not _is_plain(plain(kind))):
        raise BadSignature(
            f"{where} is {name_of(annotation)}, which is neither a model nor a plain value, and no provider makes it."
            f" Register one with @api.provider that returns {name_of(annotation)}, or say where it comes from:"
            f" {name}: Annotated[{name_of(annotation)}, Query()]."
        )
    return Query()


def _is_plain(kind: type) -> bool:
    """Whether a class is one that text can stand for."""
    return kind.__module__ in {"builtins", "datetime", "decimal", "uuid"} or any(
        base.__module__ == "enum" for base in kind.__mro__
    )


def _check_body(function: Callable[..., Any], parameters: list[Parameter], methods: Collection[str]) -> None:
    where = place_of(function)
    bodies = [parameter for parameter in parameters if parameter.place == "body"]
    forms = [parameter for parameter in parameters if parameter.place in {"form", "file"}]
    for parameter in (*bodies, *forms):
        without_body = sorted(set(methods) & _BODYLESS - {"HEAD", "OPTIONS"})
        if without_body:
            mend = (
                f"Annotated[{name_of(parameter.annotation)}, Query()] reads its fields from the query string"
                if parameter.place == "body" and is_model(parameter.annotation)
                else "use POST, PUT or PATCH"
            )
            raise BadSignature(
                f"{where}: the parameter {parameter.name!r} is read from the {_WORDS[parameter.place]}, and a"
                f" {without_body[0]} request has none: {mend}."
            )
    unnamed = [
        parameter for parameter in bodies if isinstance(parameter.source, Body) and not parameter.source.name
    ]
    if len(bodies) > 1 and unnamed:
        names = " and ".join(repr(parameter.name) for parameter in bodies[:2])
        raise BadSignature(
            f"{where}: the parameters {names} are both the body. Make one model with both as fields, or name each as a"
            f' member of one object: Annotated[{name_of(bodies[0].annotation)}, Body("{bodies[0].name}")].'
        )
    if bodies and forms:
        raise BadSignature(
            f"{where}: the parameter {bodies[0].name!r} is the JSON body, and {forms[0].name!r} a part of a form, and a"
            f" request has one body. Annotated[{name_of(bodies[0].annotation)}, Form()] reads fields of a form."
        )


_WORDS = {"body": "JSON body", "form": "form", "file": "form"}
