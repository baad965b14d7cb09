"""A request is a span, named by its rule, to the last byte of its answer, and is current where its work is done."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from demijohn import Flask, stream_with_context
from demijohn.ext.tracing import Tracing
from demijohn.extend import carried, carrying

PROTOCOLS = ["wsgi", "asgi", "rsgi"]
PARENT = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


class Traced:
    """An application, and the spans that it has ended."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = trace.get_tracer("shop", tracer_provider=provider)
        self.app = app = Flask(__name__)
        Tracing(app, tracer_provider=provider)

        @app.get("/sync/<int:id>")
        def sync(id):
            with self.tracer.start_as_current_span("inner"):
                return str(id)

        @app.get("/async/<int:id>")
        async def asynchronous(id):
            with self.tracer.start_as_current_span("inner"):
                return str(id)

        @app.get("/parts")
        def parts():
            def body():
                yield b"one"
                with self.tracer.start_as_current_span("part"):
                    yield b"two"

            return stream_with_context(body())

        @app.get("/broken")
        def broken():
            raise OSError("on purpose")

    def spans(self):
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def traced():
    return Traced()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_span_has_the_rules_name_its_callers_parent_and_the_views_children(traced, protocol, kind):
    traced.app.test_client(protocol=protocol).get(f"/{kind}/7", headers=PARENT)
    spans = traced.spans()
    server, inner = spans[f"GET /{kind}/<int:id>"], spans["inner"]
    assert server.kind is trace.SpanKind.SERVER
    assert f"{server.parent.span_id:016x}" == "b7ad6b7169203331"
    assert inner.parent.span_id == server.context.span_id
    assert server.attributes["http.route"] == f"/{kind}/<int:id>"
    assert server.attributes["http.response.status_code"] == 200
    assert server.attributes["url.path"] == f"/{kind}/7"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stream_is_within_its_span(traced, protocol):
    assert traced.app.test_client(protocol=protocol).get("/parts").text == "onetwo"
    spans = traced.spans()
    assert spans["GET /parts"].end_time >= spans["part"].end_time


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_errors_are_errors_and_paths_without_a_rule_no_names(traced, protocol):
    traced.app.config["PROPAGATE_EXCEPTIONS"] = False
    client = traced.app.test_client(protocol=protocol)
    client.get("/broken")
    client.get("/made-up")
    spans = traced.spans()
    assert spans["GET /broken"].status.status_code is trace.StatusCode.ERROR
    assert spans["GET"].attributes["http.response.status_code"] == 404
    assert spans["GET"].status.status_code is trace.StatusCode.UNSET


def test_nothing_of_a_span_is_left_where_the_next_request_runs(traced):
    client = traced.app.test_client()
    client.get("/sync/1")
    assert not trace.get_current_span().get_span_context().is_valid
    client.get("/sync/2", headers=PARENT)
    first, second = [
        span for span in traced.exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER
    ]
    assert first.parent is None
    assert first.context.trace_id != second.context.trace_id


def test_work_that_is_handed_on_is_in_the_trace(traced):
    app = traced.app
    kept = {}

    @app.get("/later")
    def later():
        kept.update(carried(app))
        return "ok"

    app.test_client().get("/later", headers={**PARENT, "X-Request-ID": "one"})
    assert kept["request_id"] == "one"
    with app.app_context(), carrying(app, kept), traced.tracer.start_as_current_span("job"):
        pass
    spans = traced.spans()
    assert spans["job"].parent.span_id == spans["GET /later"].context.span_id
