"""The extension: a span around each request, and a request's place in a trace with the work that it hands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from demijohn import Flask
from demijohn.extend import Observation, add_carrier, later, observe, unproxied

if TYPE_CHECKING:
    from opentelemetry import context, propagate, trace
else:
    context = later("opentelemetry.context")  # with the first application that is traced
    propagate = later("opentelemetry.propagate")
    trace = later("opentelemetry.trace")

_KEY = "demijohn.tracing"


class Tracing:
    """Traces the requests of applications.

    :param app: An application; or call :meth:`init_app` later.
    :param tracer_provider: What makes spans; by default the one that is set for the process.
    """

    def __init__(self, app: Flask | None = None, tracer_provider: trace.TracerProvider | None = None) -> None:
        self.tracer_provider = tracer_provider
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Trace an application's requests.

        :raises ImportError: where OpenTelemetry is not installed.
        """
        app = unproxied(app)
        app.extensions["tracing"] = self
        observe(app, Spans(trace.get_tracer("demijohn", tracer_provider=self.tracer_provider)))
        add_carrier(app, "trace", _pack, _unpacked)


class _Fields:
    """The header fields of a request, as propagators read them."""

    def get(self, carrier: Observation, key: str) -> list[str] | None:
        """The values of a field."""
        found = carrier.header(key.lower())
        return None if found is None else [found]

    def keys(self, carrier: Observation) -> list[str]:
        """No names: nobody who reads these asks for all."""
        return []


class Spans:
    """Is told of requests, and gives each a span."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._fields: Any = _Fields()

    def begin(self, seen: Observation) -> None:
        """Begin a span, and make it current."""
        parent = propagate.extract(seen, getter=self._fields)
        span = self._tracer.start_span(
            seen.method,
            context=parent,
            kind=trace.SpanKind.SERVER,
            attributes={
                "http.request.method": seen.method,
                "url.path": seen.shown_path,
                "client.address": seen.remote_addr,
                "network.protocol.version": seen.http_version,
            },
        )
        seen.data[_KEY] = span, context.attach(trace.set_span_in_context(span, parent))

    def leave(self, seen: Observation) -> None:
        """The thread or task has other things to do."""
        context.detach(seen.data[_KEY][1])

    def end(self, seen: Observation) -> None:
        """End the span, whose name is known by now."""
        span: trace.Span = seen.data.pop(_KEY)[0]
        route = seen.route
        if route is not None:
            span.update_name(f"{seen.method} {route}")
            span.set_attribute("http.route", route)
        span.set_attribute("http.response.status_code", seen.status)
        if seen.error is not None:
            span.record_exception(seen.error)
        if seen.error is not None or seen.status >= 500:
            span.set_status(trace.StatusCode.ERROR)
        span.end()


def _pack() -> dict[str, str] | None:
    packed: dict[str, str] = {}
    propagate.inject(packed)
    return packed or None


@contextmanager
def _unpacked(packed: Mapping[str, str]) -> Iterator[None]:
    token = context.attach(propagate.extract(packed))
    try:
        yield
    finally:
        context.detach(token)
