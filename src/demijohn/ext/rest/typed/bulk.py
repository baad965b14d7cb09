"""Several answers in one: what came of each part of a request that has many (207).

This module must not know how answers are sent.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from demijohn.extend import problem

__all__ = ["Bulk"]

T = TypeVar("T")


class Bulk(Generic[T]):
    """What a view with ``-> Bulk[T]`` returns: an answer for each part, in their order.

    It is sent as a list, each with its ``status`` and a ``body`` or a ``problem``.
    """

    def __init__(self) -> None:
        #: The status of each part, and its value or its problem.
        self.parts: list[tuple[int, T | None, dict[str, Any] | None]] = []

    def add(self, value: T, status: int = 200) -> None:
        """Add the answer to a part."""
        self.parts.append((status, value, None))

    def error(self, status: int, detail: str | None = None, **members: Any) -> None:
        """Add the problem of a part.

        :param members: Further members of the problem (RFC 9457).
        """
        self.parts.append((status, None, problem(status, detail=detail, **members)))

    def __len__(self) -> int:
        return len(self.parts)
