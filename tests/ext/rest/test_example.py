"""examples/rest, used as its clients use it: by hand, by schemathesis, and through its page in a browser."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[3] / "examples" / "rest" / "app.py"
KEY = {"X-API-Key": "cellar"}


@pytest.fixture
def app(monkeypatch):
    spec = importlib.util.spec_from_file_location("rest_example", APP)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "rest_example", module)
    spec.loader.exec_module(module)
    yield module.create_app()
    module.engine.dispose()


def test_a_bottle_goes_in_and_out(app):
    client = app.test_client()
    wine = {"name": "Barolo", "year": 2015}
    assert client.post("/api/v2/wines", json=wine).status_code == 401
    made = client.post("/api/v2/wines", json=wine, headers={**KEY, "Idempotency-Key": "a"})
    assert made.json == {"id": 3, "name": "Barolo", "colour": "red", "year": 2015}
    again = client.post("/api/v2/wines", json=wine, headers={**KEY, "Idempotency-Key": "a"})
    assert (again.json, again.headers["Idempotency-Replayed"]) == (made.json, "true")
    assert [one["id"] for one in client.get("/api/v2/wines?colour=red&sort=-year").json] == [1, 3]
    tag = client.get("/api/v2/wines/3").headers["ETag"]
    changed = client.put("/api/v2/wines/3", json={**wine, "year": 2014}, headers={**KEY, "If-Match": tag})
    assert changed.json["year"] == 2014
    assert client.get("/api/v1/wines").json[2] == {"id": 3, "label": "Barolo 2014"}
    assert client.delete("/api/v2/wines/3", headers=KEY).status_code == 204
    delivery = client.post("/api/v2/deliveries", json=[wine, {**wine, "year": 2099}], headers=KEY)
    assert [one["status"] for one in delivery.json] == [201, 409]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1", "2"])
def test_no_request_that_the_document_allows_or_forbids_ends_in_a_server_error_or_an_undocumented_answer(
    app, version
):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Heavy, and of no other test's concern.
        import hypothesis
        import schemathesis
        from schemathesis.checks import not_a_server_error
        from schemathesis.specs.openapi.checks import (
            content_type_conformance,
            response_schema_conformance,
            status_code_conformance,
        )

        checks = (
            not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
        )  # fmt: skip
        schema = schemathesis.openapi.from_wsgi(f"/api/v{version}/openapi.json", app)
        seen = 0
        for found in schema.get_all_operations():
            operation = found.ok()

            @hypothesis.given(case=operation.as_strategy())
            @hypothesis.settings(
                max_examples=40, deadline=None, database=None,
                suppress_health_check=list(hypothesis.HealthCheck), derandomize=True,
            )  # fmt: skip
            def ask(case):
                case.call_and_validate(headers=KEY, checks=checks)

            ask()
            seen += 1
    assert seen == {"1": 1, "2": 6}[version]
