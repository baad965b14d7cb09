"""The examples on the pages about health, logging, metrics and tracing do what those pages say."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.docs.conftest import EXAMPLES


def test_health_is_what_the_checks_say(load_example):
    shop = load_example("health/shop")
    client = shop.app.test_client()
    assert client.get("/readyz").json == {"status": "ok", "checks": {"stock": "ok", "price": "ok"}}
    shop.stock.clear()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["checks"]) == (503, {"stock": "failing", "price": "failing"})
    assert client.get("/healthz").json == {"status": "ok"}


def test_every_line_has_the_id(tmp_path):
    # In a process of its own: the example configures the logging of the whole.
    run = "client = ids.app.test_client(); r = client.get('/bottles/red', headers={'X-Request-ID': 'one'})"
    code = f"import ids; {run}; print(r.json, r.headers['X-Request-ID'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=EXAMPLES / "logging", capture_output=True, text=True, check=True
    )
    assert done.stdout == "{'name': 'red', 'request': 'one'} one\n"
    assert "INFO one looking for red\n" in done.stderr


def test_the_access_log_is_json(load_example, capfd):
    load_example("logging/access").app.test_client().get(
        "/bottles/7?secret=1", headers={"X-Request-ID": "5f1c"}
    )
    line = json.loads(capfd.readouterr().err)
    page = (EXAMPLES.parent / "logging.md").read_text()
    shown = json.loads(next(text for text in page.splitlines() if text.startswith('{"time"')))
    assert list(line) == list(shown)
    same = ("request_id", "method", "path", "route", "endpoint", "status")
    assert [line[name] for name in same] == [shown[name] for name in same]


def test_metrics_tell_of_requests_and_of_the_stock(load_example):
    client = load_example("metrics/shop").app.test_client()
    client.get("/bottles/1")
    text = client.get("/metrics").text
    assert (
        'http_server_request_duration_seconds_count{method="GET",route="/bottles/<int:id>",status="200"} 1'
        in text
    )
    assert 'shop_bottles{colour="red"} 3' in text


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_traced_application_answers(load_example, protocol):
    client = load_example("tracing/shop").app.test_client(protocol=protocol)
    assert client.get("/bottles/7").json == {"id": 7, "price": 12}
