"""Logging while a command runs: set up by the folder on the command line, and left as it was in other processes.

This module must not know Alembic.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from logging.config import fileConfig

from demijohn import current_app, has_app_context

#: What the commands themselves say. COMPAT: under the other name for who sets that up.
_OWN = logging.getLogger("demijohn.ext.migrations")
_FLASK_MIGRATE = logging.getLogger("flask_migrate")

_on_command_line: ContextVar[bool] = ContextVar("demijohn.migrations.on_command_line", default=False)


@contextlib.contextmanager
def on_command_line() -> Iterator[None]:
    """What runs in the block was typed as a command: the process is the folder's to set up."""
    token = _on_command_line.set(True)
    for log in _OWN, _FLASK_MIGRATE:
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
    try:
        yield
    finally:
        _on_command_line.reset(token)


def reporter() -> logging.Logger:
    """The logger for what the commands find and do."""
    log = _OWN if not has_app_context() or current_app.policy.explained_errors else _FLASK_MIGRATE
    log.disabled = False  # an env.py may have switched off every logger but those it sets up
    return log


def set_up_logging(file: str) -> None:
    """Set up logging as the folder's ``alembic.ini`` says, on the command line; elsewhere it is the application's."""
    if _on_command_line.get():
        # The application's own loggers stay as they are.
        fileConfig(file, disable_existing_loggers=False)


@contextlib.contextmanager
def logging_kept() -> Iterator[None]:
    """Put logging back as it was after the block, but for the command line.

    For folders whose own ``env.py`` sets it up, as those that Flask-Migrate made do.
    """
    if _on_command_line.get():
        yield
        return
    root = logging.getLogger()
    known = [logger for logger in root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = [
        (logger, logger.level, logger.handlers[:], logger.propagate, logger.disabled)
        for logger in (root, *known)
    ]
    try:
        yield
    finally:
        for logger, level, handlers, propagate, disabled in before:
            if logger.level != level:
                logger.setLevel(level)
            logger.handlers[:] = handlers
            logger.propagate, logger.disabled = propagate, disabled
