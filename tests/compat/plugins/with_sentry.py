"""Print what Sentry's integration for Flask reports: `with_sentry.py flask|ours [protocol]`."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

if sys.argv[1] == "ours":
    import demijohn.compat

    demijohn.compat.install(extensions=False)

import sentry_sdk
from sentry_sdk.transport import Transport

reported: list[Any] = []


class Kept(Transport):
    """Keeps what would be sent."""

    def capture_envelope(self, envelope: Any) -> None:
        for item in envelope.items:
            found = item.payload.json or {}
            if item.type in {"event", "transaction"}:
                raised = [
                    (value["type"], value.get("mechanism", {}).get("type"))
                    for value in found.get("exception", {}).get("values", [])
                ]
                status = found.get("contexts", {}).get("trace", {}).get("status")
                data = found.get("request", {}).get("data")
                reported.append([item.type, found.get("transaction"), raised, data, status])


sentry_sdk.init(dsn="http://key@localhost/1", transport=Kept, traces_sample_rate=1.0)

import flask  # noqa: E402 (after the integration is set up)

app = flask.Flask("app", root_path="/")
logging.disable()


@app.route("/divide/<int:by>", methods=["GET", "POST"])
def divide(by: int) -> str:
    return str(1 / by)


client = app.test_client(protocol=sys.argv[2]) if len(sys.argv) > 2 else app.test_client()
client.post("/divide/0", json={"a": 1})
client.get("/divide/1")
client.get("/missing")
sentry_sdk.flush()
print(json.dumps(reported))
