"""JSON Schemas of annotations: models by name among the components, everything else in place.

What is required and what may be null are told apart, as the decoders do. This module must not know operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec
from msgspec import UNSET, UnsetType
from werkzeug.datastructures import FileStorage

from demijohn.ext.rest.typed.kinds import (
    Annotation,
    has_pydantic,
    is_pydantic,
    item_of,
    models_in,
    plain,
    without,
)
from demijohn.extend import later

if TYPE_CHECKING:
    import pydantic
else:
    pydantic = later("pydantic")

__all__ = ["Schemas"]

_REFERENCE = "#/components/schemas/{name}"


class Schemas:
    """The schemas of a document.

    All annotations are told of first, so that two models of one name get their names whatever the order.
    """

    def __init__(self) -> None:
        self._annotations: list[Any] = []
        self._made: dict[Any, dict[str, Any]] = {}
        self._pydantic: dict[Any, dict[str, Any]] = {}
        self.components: dict[str, Any] = {}

    def add(self, annotation: Annotation) -> None:
        """Tell of an annotation."""
        annotation = _shown(annotation)
        if has_pydantic(annotation):
            for model in models_in(annotation):
                if is_pydantic(model) and model not in self._pydantic:
                    self._pydantic[model] = {}
        elif annotation not in self._annotations:
            self._annotations.append(annotation)

    def make(self) -> None:
        """Make the schemas of all that was told of."""
        made, self.components = msgspec.json.schema_components(
            self._annotations, schema_hook=_hook, ref_template=_REFERENCE
        )
        self._made = dict(zip(self._annotations, made, strict=True))
        if self._pydantic:
            _, definitions = pydantic.json_schema.models_json_schema(
                [(model, "validation") for model in self._pydantic],
                ref_template=_REFERENCE.replace("name", "model"),
            )
            own: dict[str, Any] = definitions.get("$defs", {})
            for model in self._pydantic:
                self._pydantic[model] = {"$ref": _REFERENCE.format(name=model.__name__)}
            self.components.update(own)

    def of(self, annotation: Annotation) -> dict[str, Any]:
        """The schema of an annotation that was told of."""
        annotation = _shown(annotation)
        if plain(annotation) in self._pydantic:
            return dict(self._pydantic[plain(annotation)])
        if has_pydantic(annotation):
            item = item_of(annotation)
            if item is not UNSET:
                return {"type": "array", "items": self.of(item)}
            return {
                "anyOf": [
                    self.of(part) if part is not type(None) else {"type": "null"}
                    for part in get_args(annotation)
                ]
            }
        return dict(self._made[annotation])


def _shown(annotation: Annotation) -> Any:
    return without(annotation, UnsetType)


def _hook(kind: type) -> dict[str, Any]:
    """The schema of a class that msgspec does not know."""
    if kind is FileStorage:
        return {"type": "string", "contentMediaType": "application/octet-stream"}
    return {}
