"""Print what OpenTelemetry's instrumentation for Flask records: `with_opentelemetry.py flask|ours [protocol]`."""

from __future__ import annotations

import json
import logging
import sys

if sys.argv[1] == "ours":
    import demijohn.compat

    demijohn.compat.install(extensions=False)

from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
FlaskInstrumentor().instrument()

import flask  # noqa: E402 (after it was instrumented)

app = flask.Flask("app", root_path="/")
logging.disable()


@app.route("/hello/<name>")
def hello(name: str) -> str:
    return name


@app.route("/fails")
def fails() -> str:
    raise LookupError


@app.route("/async")
async def later() -> str:
    return "later"


client = app.test_client(protocol=sys.argv[2]) if len(sys.argv) > 2 else app.test_client()
for path in ("/hello/x", "/fails", "/missing", "/async"):
    client.get(path)
print(
    json.dumps(
        [
            [
                span.name,
                span.kind.name,
                span.status.status_code.name,
                span.attributes.get("http.route"),
                span.attributes.get("http.status_code"),
                len(span.events),
            ]
            for span in exporter.get_finished_spans()
        ]
    )
)
