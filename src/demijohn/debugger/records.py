"""The last errors of an application, with their frames, as long as they can be asked for.

This module must not know how they are shown, nor what is asked of a frame.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Any

from demijohn.contexts.context import AppContext, RequestContext
from demijohn.debugger.notes import Notes
from demijohn.debugger.ports import Application
from demijohn.debugger.traceback import Frame, Problem, plain, read

#: Errors that are kept.
KEPT = 10


class Record:
    """One error: what it is, its frames, and where it happened.

    :param ctx: The context that was current, or None.
    :param where: What failed, as in ``GET /bottles``.
    :param secrets: Texts that are hidden wherever they turn up.
    """

    def __init__(
        self, number: int, error: BaseException, ctx: AppContext | None, where: str, known: tuple[str, ...]
    ) -> None:
        self.id = f"{number}-{secrets.token_hex(4)}"
        self.where = where
        self.time = time.time()
        self.secrets = known
        self.problems: list[Problem] = read(error, known)
        self.plain = plain(error, known)
        #: What to do about it, where that can be told.
        self.advice = ""
        self.ctx = ctx
        self.notes: Notes | None = None
        self.frames: dict[str, Frame] = {}
        self.namespaces: dict[str, dict[str, Any]] = {}
        self._twin: AppContext | None = None
        for place, frame in enumerate(_frames_of(self.problems)):
            frame.id = f"{self.id}.{place}"
            self.frames[frame.id] = frame

    @property
    def kind(self) -> str:
        """The class of what was raised."""
        return self.problems[0].kind

    @property
    def message(self) -> str:
        """What it says."""
        return self.problems[0].message

    @property
    def request(self) -> Any:
        """The request that failed, or None."""
        return None if self.ctx is None else self.ctx.request

    def namespace(self, frame_id: str) -> dict[str, Any] | None:
        """The names of a frame, global and local, as code in it left them; None for no such frame."""
        found = self.namespaces.get(frame_id)
        if found is None:
            frame = self.frames.get(frame_id)
            if frame is None:
                return None
            found = self.namespaces[frame_id] = {**frame.live.f_globals, **frame.live.f_locals}
        return found

    def context(self, app: Application) -> AppContext:
        """A context of the request and session that failed, and of its ``g``, for code that looks at them."""
        if self._twin is None:
            ctx = self.ctx
            if isinstance(ctx, RequestContext):
                twin: AppContext = ctx.copy()
                twin._g = ctx.scope._g
            else:
                twin = AppContext(app)
                if ctx is not None:
                    twin._g = ctx.scope._g
            self._twin = twin
        return self._twin


def _frames_of(problems: list[Problem]) -> Iterator[Frame]:
    for problem in problems:
        yield from problem.frames
        for member in problem.members:
            yield from _frames_of(member)


class Records:
    """The last errors of one application."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Record] = OrderedDict()
        self._lock = Lock()
        self._count = 0

    def keep(
        self, error: BaseException, ctx: AppContext | None, where: str, known: tuple[str, ...]
    ) -> Record:
        """Keep an error, and let go of the oldest where there are too many."""
        with self._lock:
            self._count += 1
            number = self._count
        record = Record(number, error, ctx, where, known)
        with self._lock:
            self._kept[record.id] = record
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return record

    def get(self, record_id: str) -> Record | None:
        """The error of this id, while it is kept."""
        return self._kept.get(record_id)

    def was_kept(self, record_id: str) -> bool:
        """Whether an id looks like that of an error that there was in this process."""
        number = record_id.partition("-")[0]
        return number.isascii() and number.isdigit() and len(number) < 9 and 0 < int(number) <= self._count

    def of_frame(self, frame_id: str) -> Record | None:
        """The error that a frame belongs to, while it is kept."""
        return self._kept.get(frame_id.rpartition(".")[0])

    def newest_first(self) -> list[Record]:
        """All that are kept."""
        with self._lock:
            return list(reversed(self._kept.values()))
