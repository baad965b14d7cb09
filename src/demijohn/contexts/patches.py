"""Attributes that are made when they are asked for, and can be deleted and set like plain ones.

``mock.patch.object`` deletes what it put there and sets the old value only where nothing is left. Whoever asks
for an attribute looks here only when there is no value. This module must not know which attributes there are.
"""

from __future__ import annotations

from typing import Any


class Patchable:
    """Keeps each of its properties in an attribute of the same name with an underscore, None for none."""

    #: Attributes that were deleted and not set again, as a mock does to put back what it stood for.
    _gone: frozenset[str] = frozenset()

    def _look(self, name: str) -> None:
        if name in self._gone:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}: it was deleted.")

    def _put(self, name: str, value: Any) -> None:
        setattr(self, name, value)
        if self._gone:
            self._gone -= {name[1:]}

    def _delete(self, name: str) -> None:
        self._look(name)
        setattr(self, "_" + name, None)
        self._gone |= {name}
