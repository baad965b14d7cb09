"""What the server tells whoever started it; on standard error, so that output of the application stays clean."""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType
from typing import Any

from demijohn.devserver.options import ServeOptions

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def say(text: str) -> None:
    """Print one line in the shape of the others."""
    print(f" * {text}", file=sys.stderr, flush=True)


def running_lines(facts: dict[str, Any], options: ServeOptions, address: str) -> list[str]:
    """What is said once the first worker serves."""
    chosen, why = str(facts["interface"]).upper(), facts["why"]
    workers = f"{options.workers} worker{'' if options.workers == 1 else 's'}"
    threads = f", {facts['threads']} threads each" if facts.get("threads") else ""
    pin = [f"Debugger PIN: {facts['pin']}"] if facts.get("pin") else []
    return [
        f"Interface: {chosen} ({why}); {workers}{threads}",
        f"Running on {address}",
        *pin,
        "Press CTRL+C to quit",
    ]


def say_failure(text: str, error: BaseException | None = None) -> None:
    """Print why this cannot start, with the user's part of the traceback when there is one."""
    if error is not None and error.__traceback__ is not None:
        print(user_traceback(error), file=sys.stderr)
    print(f"Error: {text}", file=sys.stderr, flush=True)


def user_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, from the first frame that is the user's."""
    shown = traceback.TracebackException(type(error), error, _from_user(error.__traceback__))
    return "".join(shown.format()).rstrip()


def _from_user(tb: TracebackType | None) -> TracebackType | None:
    """Skip the frames that led there: this package's, Click's, the import system's, runpy's."""
    while tb is not None:
        file = tb.tb_frame.f_code.co_filename
        ours = file.startswith((_PACKAGE + os.sep, "<frozen")) or f"{os.sep}click{os.sep}" in file
        if not ours:
            return tb
        tb = tb.tb_next
    return None
