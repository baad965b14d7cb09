"""Whether a translation can be filled in as its source text is. This module must not know catalogues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["misfit"]

#: A placeholder; not "50% off", whose space printf would take for a flag.
_PLACE = re.compile(
    r"%(?:\((?P<name>[^)]*)\))?[#0+-]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?P<kind>[diouxXeEfFgGcrsa%])"
)


class _Values(dict[str, Any]):
    """A value for each placeholder of a text, and none for others."""


def misfit(sources: Sequence[str], translation: str) -> str | None:
    """What is wrong with a translation's placeholders, or None.

    :param sources: The source text, singular and plural.
    """
    named: dict[str, Any] = {}
    for source in sources:
        for place in _PLACE.finditer(source):
            if place["name"] is not None:
                named[place["name"]] = _value(place["kind"])
    if named:
        if len(sources) > 1:
            named.setdefault("num", 1)
        return _tried(
            translation, named, f"the source text has {', '.join(f'%({name})' for name in sorted(named))}"
        )
    if unknown := [place["name"] for place in _PLACE.finditer(translation) if place["name"]]:
        return f"it has %({unknown[0]}), and the source text has no placeholder"
    kinds = [place["kind"] for place in _PLACE.finditer(sources[-1]) if place["kind"] != "%"]
    if not kinds:
        return None
    values = tuple(map(_value, kinds))
    return _tried(translation, values, f"the source text has {len(kinds)} placeholders without a name")


def _value(kind: str) -> Any:
    return "x" if kind in "sra" else 1


def _tried(translation: str, values: Any, there: str) -> str | None:
    try:
        str(translation % values)
    except KeyError as e:
        return f"it has %({e.args[0]}), and {there}"
    except (TypeError, ValueError) as e:
        return f"it cannot be filled in ({e}), and {there}"
    return None
