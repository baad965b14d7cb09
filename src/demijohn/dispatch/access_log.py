"""One line for each request, once the last byte of its answer was sent, and a warning for a view that was slow.

PERF: a line is put together here and written to standard error, past Python's ``logging``, which costs three times as
much, unless the logger ``demijohn.access`` was given a level or handlers of its own.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring_ascii
from time import gmtime, localtime, perf_counter, strftime, time
from typing import Any, TypeAlias

from demijohn.dispatch.observation import Observation
from demijohn.errors import WrongSetting
from demijohn.http.plaintext import escape_control

__all__ = ["AccessLog", "SlowRequests"]

#: One of structlog's processors: takes a logger, the name of its method and the event, and returns the event or text.
Processor: TypeAlias = Callable[[Any, str, Any], Any]

logger = logging.getLogger("demijohn.access")

_UTC, _LOCAL = "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S %z"

_quoted: Callable[[str], str] = encode_basestring_ascii


class AccessLog:
    """Writes the access log of an application.

    :param wanted: ``None`` or ``"text"``, ``"json"``, or structlog's processors: one, or a list of them.
    :raises WrongSetting: for anything else.
    """

    def __init__(self, wanted: Any) -> None:
        self._line = self._line_of(wanted)
        #: PERF: standard error as it is now is written to by its descriptor, in half the time (0.5 us); where that was
        #: replaced meanwhile, as tests do, as a stream.
        self._stream = sys.stderr
        self._descriptor = _descriptor_of(sys.stderr)
        #: What lines of JSON say between the id and the size, by method and plan, for the path that is a rule's own.
        #: PERF: made once for each (0.5 us).
        self._known: dict[str, dict[Any, tuple[str, str, str, str]]] = {}
        #: The last second that a line was written in, and as text.
        self._second, self._utc = 0, ""

    def end(self, seen: Observation) -> None:
        """Write the line of a request."""
        line = self._line(seen)
        if self._descriptor is None or logger.handlers or logger.level or sys.stderr is not self._stream:
            self._hand_on(seen, line)
            return
        data = line.encode("utf-8", "backslashreplace")
        try:
            written = os.write(self._descriptor, data)
        except BlockingIOError:  # nobody reads: this line is lost, as others that are written there
            return
        if written != len(data):
            self._stream.write(data[written:].decode("utf-8", "replace"))

    def _hand_on(self, seen: Observation, line: Any) -> None:
        if logger.handlers or logger.level:
            text = line.rstrip("\n") if isinstance(line, str) else line
            logger.info("%s", text, extra={"request_id": seen.request_id})
        elif sys.stderr is not None:
            sys.stderr.write(line)

    def _line_of(self, wanted: Any) -> Callable[[Observation], str]:
        if wanted is None or wanted == "text":
            return text_line
        if wanted == "json":
            return self.json_line
        processors = list(wanted) if isinstance(wanted, (list, tuple)) else [wanted]
        if not processors or not all(callable(processor) for processor in processors):
            raise WrongSetting(
                f"The setting ACCESS_LOG_FORMAT is {wanted!r}: it can be 'text', 'json', or a list of processors of"
                " structlog."
            )
        return lambda seen: f"{_processed(seen, processors)}\n"

    def json_line(self, seen: Observation) -> str:
        """The line as JSON: what :func:`fields_of` gives, as ``json.dumps`` writes it."""
        path = seen.path
        try:
            known, same, before, after = self._known[seen.method][seen.plan]
        except KeyError:
            known, same, before, after = self._know(seen)
        if path != known:
            same = f"{before}{_quoted(seen.shown_path)}{after}"
        now = time()
        second = int(now)
        if second != self._second:
            self._second, self._utc = second, strftime(_UTC, gmtime(second))
        taken = int((perf_counter() - seen.began) * 1_000_000)
        return (
            f'{{"time": "{self._utc}.{_THOUSANDTHS[int((now - second) * 1000)]}Z", "request_id": "{seen.request_id}",'
            f'{same}{seen.status}, "bytes": {seen.sent}, "duration_ms": {taken // 1000}.'
            f'{_THOUSANDTHS[taken % 1000]}, "remote_addr": {_quoted(seen.remote_addr)}}}\n'
        )

    def _know(self, seen: Observation) -> tuple[str, str, str, str]:
        route, endpoint = seen.route, seen.endpoint
        before = f' "method": {_quoted(seen.method)}, "path": '
        after = (
            f', "route": {"null" if route is None else _quoted(route)},'
            f' "endpoint": {"null" if endpoint is None else _quoted(str(endpoint))}, "status": '
        )
        own = route if route is not None and route.isascii() else ""
        known = own, f"{before}{_quoted(own)}{after}", before, after
        if seen.method in self._known or len(self._known) < 32:  # methods are the client's to choose
            self._known.setdefault(seen.method, {})[seen.plan] = known
        return known


def _descriptor_of(stream: Any) -> int | None:
    try:
        descriptor: int = stream.fileno()
    except (AttributeError, OSError, ValueError):  # no stream, or one that is no file
        return None
    return descriptor


#: Three digits of each number below a thousand. PERF: a format costs four times a look-up.
_THOUSANDTHS = [f"{number:03d}" for number in range(1000)]


def _processed(seen: Observation, processors: Iterable[Processor]) -> Any:
    event: Any = fields_of(seen)
    for processor in processors:
        event = processor(logger, "info", event)
    return event


def fields_of(seen: Observation) -> dict[str, Any]:
    """What is known of a request, in the order of the line."""
    now = time()
    return {
        "time": f"{strftime(_UTC, gmtime(now))}.{int(now % 1 * 1000):03d}Z",
        "request_id": seen.request_id,
        "method": seen.method,
        "path": seen.shown_path,
        "route": seen.route,
        "endpoint": seen.endpoint,
        "status": seen.status,
        "bytes": seen.sent,
        "duration_ms": round(seen.duration * 1000, 3),
        "remote_addr": seen.remote_addr,
    }


def text_line(seen: Observation) -> str:
    """The line as text; what a client sent in it cannot begin another, nor colour a terminal."""
    asked = f"{seen.method} {seen.shown_path} HTTP/{seen.http_version}"
    now = strftime(_LOCAL, localtime())
    line = f'{seen.remote_addr} - - [{now}] "{asked}" {seen.status} {seen.duration * 1000:.1f} ms'
    return f"{escape_control(line)}\n"


class SlowRequests:
    """Warns of views that took long to begin their answer; how long a client took to read it is no view's fault.

    :param limit: Seconds.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit

    def end(self, seen: Observation) -> None:
        """Warn, if it took long."""
        seconds = (seen.answered or perf_counter()) - seen.began
        if seconds >= self._limit:
            seen.app.logger.warning(
                "Slow request: %s %s took %.2f s (%s)", seen.method, seen.shown_path, seconds, seen.view,
                extra={"request_id": seen.request_id},
            )  # fmt: skip
