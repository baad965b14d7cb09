"""Functions made from generated source, compiled once per distinct text.

Five hundred rules of one shape share one compilation: whatever differs between them (literals,
rules, converters) is handed to the generated factory as an argument and never written into the
source. Names from the outside appear in it only as ``repr`` of a string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

__all__ = ["make_function"]


@lru_cache(maxsize=512)
def _factory(source: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "<demijohn routing>", "exec"), names)  # noqa: S102 - only our own text, see above
    factory: Callable[..., Any] = names["make"]
    return factory


def make_function(head: str, body: list[str], given: Mapping[str, Any]) -> Any:
    """The function ``def head: body`` with the names of ``given`` bound in its closure.

    ``body`` holds lines indented relative to the function's first level.
    """
    lines = [f"def make({', '.join(given)}):", f"    def {head}:"]
    lines += [f"        {line}" for line in body]
    lines.append(f"    return {head.partition('(')[0]}")
    return _factory("\n".join(lines))(*given.values())
