from opentelemetry import trace

from demijohn import Flask
from demijohn.ext.tracing import Tracing

app = Flask(__name__)
Tracing(app)
tracer = trace.get_tracer(__name__)


@app.get("/bottles/<int:id>")
async def bottle(id):
    with tracer.start_as_current_span("price"):
        return {"id": id, "price": 12}
