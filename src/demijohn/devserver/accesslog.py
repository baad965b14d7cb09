"""The access log: Granian's, with its lines made safe.

Granian writes the decoded path as it came, so that ``/a%0afake`` would start a second line and
``%1b`` would colour the terminal (security case 49).
"""

from __future__ import annotations

import logging
from typing import Any

from demijohn.http.plaintext import escape_control

FORMAT = '%(addr)s - - [%(time)s] "%(method)s %(path)s %(protocol)s" %(status)d %(dt_ms).1f ms'


class OneLineFormatter(logging.Formatter):
    """Writes each record as one line: control characters show as escapes."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's text, escaped."""
        return escape_control(super().format(record))


def configure_logging() -> dict[str, Any]:
    """Give Granian's two loggers handlers on standard error, and return the configuration for Granian.

    That one is incremental, because Granian applies it with ``dictConfig``, which otherwise closes
    every handler the application has set up.
    """
    levels = {"_granian": "ERROR", "granian.access": "INFO"}
    for name, template in (("_granian", " * %(message)s"), ("granian.access", "%(message)s")):
        logger = logging.getLogger(name)
        logger.propagate = False
        handler = logging.StreamHandler()
        # Granian's own messages may hold a traceback; a line of the access log is one line.
        handler.setFormatter((OneLineFormatter if name == "granian.access" else logging.Formatter)(template))
        logger.handlers[:] = [handler]
    loggers = {name: {"level": level} for name, level in levels.items()}
    return {"version": 1, "incremental": True, "handlers": {}, "formatters": {}, "loggers": loggers}
