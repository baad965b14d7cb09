"""What a supervisor hands to a worker: an environment variable with JSON, and three descriptors.

* the listening socket;
* the write end of a pipe, on which the worker says that it serves, and later that it accepts no more: each a
  JSON object in one line;
* the read end of the lifeline, a pipe whose write end only the supervisor has. When the supervisor
  is gone, however it went, the kernel closes that end and the worker reads the end of file. Unlike
  Linux's PR_SET_PDEATHSIG this works on every POSIX system, does not depend on which thread of the
  parent started the worker, has no moment at the start in which it is not set yet, and lets the
  worker finish what it is doing.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass, field
from typing import Any

from demijohn.devserver.options import ServeOptions

VARIABLE = "DEMIJOHN_WORKER"


@dataclass(slots=True)
class Assignment:
    """One worker's instructions. ``program`` is what :mod:`demijohn.devserver.rerun` runs."""

    socket_fd: int
    report_fd: int
    lifeline_fd: int
    options: dict[str, Any]
    program: dict[str, str] = field(default_factory=dict)
    argv: list[str] = field(default_factory=list)

    def dump(self) -> str:
        """The value of the environment variable."""
        return json.dumps(asdict(self))

    @property
    def serve_options(self) -> ServeOptions:
        """The options, as the supervisor checked them."""
        return ServeOptions.from_dict(self.options)

    def open_socket(self) -> socket.socket:
        """The listening socket."""
        return socket.socket(fileno=self.socket_fd)

    def report_ready(self, **facts: Any) -> None:
        """Tell the supervisor that this worker serves, and what it says of it."""
        self._report(facts)

    def report_deaf(self) -> None:
        """Tell the supervisor that this worker accepts no more connections."""
        self._report({"deaf": True})

    def _report(self, facts: dict[str, Any]) -> None:
        """Write a line for the supervisor; it may be gone."""
        try:
            os.write(self.report_fd, f"{json.dumps(facts)}\n".encode())
        except OSError:
            pass  # the lifeline tells


_current: list[Assignment] = []


def current_assignment() -> Assignment | None:
    """The assignment this process was started with, or None when it is nobody's worker.

    Read once and taken out of the environment, so that programs the application starts are not
    taken for workers; the descriptors are not theirs either.
    """
    text = os.environ.pop(VARIABLE, None)
    if text:
        found = Assignment(**json.loads(text))
        for fd in (found.socket_fd, found.report_fd, found.lifeline_fd):
            os.set_inheritable(fd, False)
        _current[:] = [found]
    return _current[0] if _current else None
