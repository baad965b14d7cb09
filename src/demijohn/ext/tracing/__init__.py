"""Spans of requests, for OpenTelemetry: where the time of a request went, across services.

    Tracing(app)                                    # with the tracer provider that the process has set

    tracer = opentelemetry.trace.get_tracer(__name__)

    @app.get("/bottles/<int:id>")
    async def bottle(id):                           # in a span "GET /bottles/<int:id>"
        with tracer.start_as_current_span("price"):
            ...

A span begins with the request, as the child of the one that its ``traceparent`` names, and ends with the last byte of
the answer. It is current in hooks and view, in the threads that sync views and loaders run in, in background tasks and
in jobs that the request asks for. Where spans go to is OpenTelemetry's own affair: its SDK, or its agent, sets that up.
"""

from __future__ import annotations

from demijohn.ext.tracing.extension import Tracing

__all__ = ["Tracing"]
