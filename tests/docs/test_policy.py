"""The page on policy names each difference once, in the order of the class, and its example does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demijohn.policy import Policy

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)


def rows(page: str) -> list[str]:
    """The names of the table, from its first column."""
    return [name for name, *_ in ROW.findall(page)]


@pytest.fixture
def page():
    return (ROOT / "docs" / "policy.md").read_text()


def test_the_table_has_the_fields_of_the_class(page):
    assert rows(page) == list(Policy.__slots__)


def test_a_row_that_is_missing_or_not_a_field_is_seen(page):
    without = re.sub(r"^\| `strict_json`.*\n", "", page, flags=re.MULTILINE)
    assert rows(without) != rows(page)
    assert rows(page.replace("`strict_json` |", "`strict_text` |")) != rows(page)


def test_each_field_is_asked_for():
    package = "\n".join(
        path.read_text() for path in (ROOT / "src" / "demijohn").rglob("*.py") if path.name != "policy.py"
    )
    unasked = [
        difference for difference in Policy.__slots__ if not re.search(rf"\bpolicy\.{difference}\b", package)
    ]
    assert not unasked, f"nothing asks the policy for {', '.join(unasked)}"


def test_the_example_has_two_differences_as_flask_has_them(load_example):
    app = load_example("core/policies").app
    client = app.test_client()
    assert client.get("/call/112").headers["Location"] == "tel:112"
    answer = client.get("/nowhere", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert app.policy.explained_errors
