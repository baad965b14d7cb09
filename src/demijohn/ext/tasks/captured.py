"""A task as a test finds it that was noted in place of being sent.

This module must not know Celery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demijohn.ext.tasks.ports import Args, Kwargs

#: What a caller of ``apply_async`` may be interested in afterwards.
_OPTIONS = frozenset((
    "countdown", "eta", "expires", "queue", "routing_key", "exchange", "priority", "retries", "link", "link_error",
    "chain", "chord", "group_id",
))  # fmt: skip


@dataclass(frozen=True)
class CapturedTask:
    """What was to be sent.

    :param name: The task's name.
    :param args: Its arguments by position.
    :param kwargs: Its arguments by name.
    :param options: What else was said, such as ``countdown``.
    :param id: The id that the job has.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    id: str = ""

    @classmethod
    def of(cls, name: str, args: Args, kwargs: Kwargs, options: Mapping[str, Any]) -> CapturedTask:
        """A task from what Celery was asked to send."""
        said = {key: value for key, value in options.items() if key in _OPTIONS and value is not None}
        return cls(name, tuple(args or ()), dict(kwargs or {}), said, options["task_id"])
