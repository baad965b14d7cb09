"""Metrics say how long requests took, by rule, and nothing that a client can make grow."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from demijohn import Flask, Response
from demijohn.cli.check import findings
from demijohn.errors import WrongSetting
from demijohn.ext.metrics import Metrics
from demijohn.ext.metrics.store import Store
from demijohn.extend import add_gauge

PROTOCOLS = ["wsgi", "asgi", "rsgi"]


def numbers(client, **options):
    """The samples, by name and labels."""
    answer = client.get("/metrics", **options)
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def count(found, method, route, status):
    labels = f'{{method="{method}",route="{route}",status="{status}"}}'
    return found.get(f"http_server_request_duration_seconds_count{labels}", 0)


@pytest.fixture
def app():
    app = Flask(__name__)
    Metrics(app)
    app.get("/bottles/<int:id>", endpoint="bottle")(lambda id: str(id))
    app.get("/parts", endpoint="parts")(lambda: Response(iter([b"a", b"b"])))
    return app


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_requests_count_by_method_rule_and_status(app, protocol):
    client = app.test_client(protocol=protocol)
    for number in range(3):
        client.get(f"/bottles/{number}")
    client.get("/parts").data  # noqa: B018
    client.post("/bottles/1")
    found = numbers(client)
    assert count(found, "GET", "/bottles/<int:id>", 200) == 3
    assert count(found, "GET", "/parts", 200) == 1
    assert count(found, "POST", "unmatched", 405) == 1
    inf = 'http_server_request_duration_seconds_bucket{method="GET",route="/bottles/<int:id>",status="200",le="+Inf"}'
    assert found[inf] == 3
    assert found["http_server_active_requests"] == 1  # the one that asks


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_made_up_paths_and_methods_are_one_series_each(app, protocol):
    client = app.test_client(protocol=protocol)
    for number in range(20):
        client.get(f"/made-up/{number}")
        client.open("/bottles/1", method=f"MADEUP{number}")
    found = numbers(client)
    assert count(found, "GET", "unmatched", 404) == 20
    assert count(found, "other", "unmatched", 405) == 20
    assert len([name for name in found if "_count" in name]) == 2


def test_health_is_not_counted(app):
    client = app.test_client()
    client.get("/healthz")
    assert not [name for name in numbers(client) if "healthz" in name or "readyz" in name]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("10.3.4.5", True),
        ("::1", True),
        ("::ffff:10.1.1.1", True),
        ("8.8.8.8", False),
        ("", False),
    ],
)
def test_only_private_networks_may_read_them(app, address, allowed):
    answer = app.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == (200 if allowed else 403)


def test_behind_a_proxy_nobody_is_taken_for_the_proxy(app):
    client = app.test_client()
    assert client.get("/metrics", headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 403
    app = Flask(__name__)
    app.config["TRUSTED_PROXIES"] = 1
    Metrics(app)
    client = app.test_client()
    assert client.get("/metrics", headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.1.1.1"}).status_code == 200


def test_networks_can_be_named_and_have_to_be_some():
    app = Flask(__name__)
    app.config["METRICS_ALLOW"] = "8.8.8.0/24"
    Metrics(app)
    answer = app.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": "8.8.8.8"})
    assert answer.status_code == 200
    app = Flask(__name__)
    app.config["METRICS_ALLOW"] = ["everybody"]
    with pytest.raises(WrongSetting, match="METRICS_ALLOW"):
        Metrics(app)


def test_letting_everybody_in_is_a_finding():
    app = Flask(__name__)
    app.config["METRICS_ALLOW"] = ["0.0.0.0/0"]
    Metrics(app)
    with app.app_context():
        assert "metrics" in [finding.id for finding in findings(app)]


def test_gauges_of_the_application_and_of_the_database_are_told(app, tmp_path):
    from demijohn.ext.database import SQLAlchemy

    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/shop.db"
    SQLAlchemy(app)
    add_gauge(app, "shop_bottles", "Bottles.", lambda: {(("colour", 'r"d\\\n'),): 3})
    found = numbers(app.test_client())
    assert found['shop_bottles{colour="r\\"d\\\\\\n"}'] == 3
    assert found['db_client_connections{bind="default",state="used"}'] == 0
    assert found["demijohn_threads"] >= 1
    assert found["demijohn_websockets"] == 0


def test_processes_of_one_server_are_summed_also_one_that_has_ended(app, tmp_path):
    app.config["METRICS_FOLDER"] = tmp_path / "numbers"
    other = """
import sys
from demijohn import Flask
from demijohn.ext.metrics import Metrics
app = Flask("shop")
app.config["METRICS_FOLDER"] = sys.argv[1]
Metrics(app)
app.get("/bottles/<int:id>", endpoint="bottle")(lambda id: str(id))
client = app.test_client()
client.get("/bottles/1")
client.get("/bottles/2")
"""
    client = app.test_client()
    client.get("/bottles/3")
    said = tmp_path / "numbers" / f"{os.getpid()}.gauges"
    while not said.exists():  # by its own thread, at once
        time.sleep(0.01)
    subprocess.run([sys.executable, "-c", other, str(tmp_path / "numbers")], check=True)
    found = numbers(client)
    assert count(found, "GET", "/bottles/<int:id>", 200) == 3
    assert found["http_server_active_requests"] == 1


def test_a_store_keeps_to_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr("demijohn.ext.metrics.store.MOST", 4)
    store = Store(1, tmp_path)
    places = [store.place((str(number),)) for number in range(8)]
    assert places == [0, 1, 2, 3, 3, 3, 3, 3]
    assert [series.key for series in store.own()] == [("0",), ("1",), ("2",), ("other",)]


def test_the_folder_goes_with_the_last_process(tmp_path):
    folder = tmp_path / "numbers"
    store = Store(1, folder)
    store.say({})
    assert (folder / f"{os.getpid()}.gauges").exists()
    store.leave()
    assert not folder.exists()


def test_where_nothing_can_be_written_it_counts_for_itself(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    app = Flask(__name__)
    app.config["METRICS_FOLDER"] = tmp_path / "file"
    Metrics(app)
    client = app.test_client()
    assert numbers(client)["http_server_active_requests"] == 1
    assert "METRICS_FOLDER" in caplog.text
