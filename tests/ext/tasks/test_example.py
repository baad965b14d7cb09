"""The examples of the page, as their readers run them."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from celery.schedules import crontab
from tests.ext.tasks.brokers import eventually

import listings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    def load(folder: str) -> Any:
        spec = importlib.util.spec_from_file_location("tasks_example", ROOT / folder / "app.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "tasks_example", module)
        spec.loader.exec_module(module)
        return module

    return load


def test_the_page_s_example_is_followed_to_its_end(load: Any) -> None:
    client = load("docs/examples/tasks").app.test_client()
    answer = client.post("/photos/7", base_url="https://gallery.example")
    assert answer.status_code == 202
    follow = answer.json["follow"]
    seen = eventually(lambda: client.get(follow).json["info"], 5)
    assert seen == {"photo": 7}
    assert eventually(lambda: client.get(follow).json["result"], 5) == (
        "gallery has made https://gallery.example/photos/7"
    )


def test_the_larger_one_tells_by_events(load: Any) -> None:
    client = load("examples/tasks").create_app(TESTING=True).test_client()
    assert "<script nonce=" in client.get("/").text
    job = client.post("/pictures/7").json
    events = [
        json.loads(line[6:])
        for line in client.get(job["events"]).text.splitlines()
        if line.startswith("data")
    ]
    assert [event["done"] for event in events if event["state"] == "PROGRESS"][:2] == [1, 2]
    assert events[-1]["state"] == "SUCCESS"
    assert events[-1]["result"] == client.get(job["state"]).json["result"]


def test_the_schedule_of_the_page_is_one() -> None:
    page = listings.without_listings((ROOT / "docs/tasks.md").read_text())
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(block, found)
    assert found["TASKS_SCHEDULE"]["nightly"]["schedule"] == crontab(hour=3, minute=0)
