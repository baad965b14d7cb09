"""A document as text: JSON, or YAML in block style. This module must not know what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["as_json", "as_yaml"]

#: Text that YAML reads as itself.
_bare = re.compile(r"[A-Za-z_/$][A-Za-z0-9_./$ {}-]*[A-Za-z0-9_/}]|[A-Za-z]")
_words = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def as_json(document: dict[str, Any]) -> str:
    """The document as JSON, indented, keys in their order."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_yaml(document: dict[str, Any]) -> str:
    """The document as YAML."""
    return "\n".join(_lines(document, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            name = _text(str(key))
            if isinstance(inner, (dict, list)) and inner:
                yield f"{indent}{name}:"
                yield from _lines(inner, indent + "  ")
            else:
                yield f"{indent}{name}: {_scalar(inner)}"
    else:
        for inner in value:
            if isinstance(inner, (dict, list)) and inner:
                first, *rest = _lines(inner, indent + "  ")
                yield f"{indent}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{indent}- {_scalar(inner)}"


def _scalar(value: Any) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if _bare.fullmatch(text) and text.lower() not in _words:
        return text
    return json.dumps(text, ensure_ascii=False)
