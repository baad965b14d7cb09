"""The application's logger: where its lines go, and that a request cannot forge one.

This module must not know what is logged.
"""

from __future__ import annotations

import logging
import sys
from copy import copy
from types import TracebackType
from typing import Any, Protocol, TextIO, TypeAlias

from werkzeug.local import LocalProxy

from demijohn.contexts.context import current
from demijohn.contexts.request_ids import current_request_id
from demijohn.http.plaintext import escape_control

__all__ = [
    "EscapingFormatter",
    "add_request_id",
    "create_logger",
    "default_handler",
    "has_level_handler",
    "wsgi_errors_stream",
]


#: As in ``sys.exc_info()``.
_ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def _errors_stream() -> TextIO:
    ctx = current.get(None)
    if ctx is None or ctx.request is None:
        return sys.stderr
    stream: TextIO | None = ctx.request.environ.get("wsgi.errors")
    return sys.stderr if stream is None else stream


#: The stream for errors: the server's ``wsgi.errors`` while a request is handled, else standard
#: error. In a logging configuration it is ``ext://demijohn.logging.wsgi_errors_stream``.
wsgi_errors_stream: Any = LocalProxy(_errors_stream)


class EscapingFormatter(logging.Formatter):
    """Writes control characters as escapes, so that one record stays one entry.

    Text handed over as an argument (``logger.info("at %s", request.path)``) stays on its line,
    whatever is in it. Line ends in the message itself are kept, but what follows is indented; in a
    traceback they are kept.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        record = copy(record)  # other handlers get the same record, and may have left their text on it
        if record.exc_info:
            record.exc_text = None
        elif record.exc_text:
            record.exc_text = _escape_lines(record.exc_text)
        args = record.args
        if isinstance(args, tuple):
            record.args = tuple(map(_escape_text, args))
        elif args:
            record.args = {name: _escape_text(value) for name, value in args.items()}
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The record's line, without traceback."""
        return _escape_lines(super().formatMessage(record)).replace("\n", "\n    ")

    def formatException(self, ei: _ExcInfo) -> str:
        """The traceback."""
        return _escape_lines(super().formatException(ei))


def _escape_lines(text: str) -> str:
    return "\n".join(map(escape_control, text.split("\n")))


def _escape_text(value: object) -> object:
    return escape_control(value) if isinstance(value, str) else value


#: Writes ``[time] LEVEL in module: message`` to :data:`wsgi_errors_stream`.
default_handler: logging.StreamHandler[Any] = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(EscapingFormatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether a handler of ``logger`` or of those it passes records to takes its effective level."""
    level = logger.getEffectiveLevel()
    at: logging.Logger | None = logger
    while at is not None:
        for handler in at.handlers:
            if handler.level <= level:
                return True
        at = at.parent if at.propagate else None
    return False


class _RequestRecord(logging.LogRecord):
    """A log record with the id of its request, ``%(request_id)s``; ``-`` outside of requests.

    The id is found when the record is made, since it may be formatted elsewhere, and shown from when it is formatted
    on, so that a caller's own ``extra={"request_id": ...}`` does not clash with it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request_id = current_request_id() or "-"

    def __getattr__(self, name: str) -> Any:
        if name == "request_id" and "_request_id" in self.__dict__:
            return self._request_id
        raise AttributeError(name)

    def getMessage(self) -> str:
        """The message; every formatter asks for it first."""
        self.__dict__.setdefault("request_id", self._request_id)
        return super().getMessage()


def mark_records() -> None:
    """Let every log record of this process have the id of its request, once for all."""
    factory = logging.getLogRecordFactory()
    if factory is logging.LogRecord:
        logging.setLogRecordFactory(_RequestRecord)
    elif factory is not _RequestRecord and not getattr(factory, "marks_records", False):

        def marked(*args: Any, **kwargs: Any) -> logging.LogRecord:
            record = factory(*args, **kwargs)
            record.__dict__.setdefault("request_id", current_request_id() or "-")
            return record

        marked.marks_records = True  # type: ignore[attr-defined]
        logging.setLogRecordFactory(marked)


def add_request_id(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The id of the current request for what structlog logs: one of its processors."""
    request_id = current_request_id()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


class Application(Protocol):
    """An application, as far as its logger goes."""

    @property
    def name(self) -> Any:
        """The name of the application, a text, and so of its logger."""
        ...

    @property
    def debug(self) -> bool:
        """Whether debug mode is on."""
        ...


def create_logger(app: Application) -> logging.Logger:
    """The logger named as the application, ready for use.

    In debug mode its level becomes DEBUG, unless it has one. :data:`default_handler` is added when
    no handler would take what it logs.

    :param app: The application.
    """
    own = logging.getLogger(app.name)
    if own.level == logging.NOTSET and app.debug:
        own.setLevel(logging.DEBUG)
    if not has_level_handler(own):
        own.addHandler(default_handler)
    return own
