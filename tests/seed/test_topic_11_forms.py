"""Topic 11: the printed form renders, is validated, and is protected, under our names and those that are printed."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from tests.seed.project import Project

SAMPLE = "topic_11_forms"


def fill_in(visitor, name, token=None):
    page = visitor.get("/").text
    token = token or re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page)[1]
    return visitor.post_form(
        "/", urlencode({"name": name, "csrf_token": token, "submit": "Submit"}).encode()
    ).text


def test_the_form_has_a_name_and_a_button(visitor):
    page = visitor.get("/").text
    assert '<label for="name">Name</label>' in page
    assert '<input id="submit" name="submit" type="submit" value="Submit">' in page


def test_a_name_is_taken_and_an_empty_one_is_not(visitor):
    assert fill_in(visitor, "Ada") == "Hello, Ada!"
    assert "<b>This field is required.</b>" in fill_in(visitor, "")


def test_a_form_without_its_token_is_not_taken(visitor):
    assert "Hello" not in fill_in(visitor, "Ada", token="none")


USED = """
import re, demijohn.compat
demijohn.compat.install()
from topic import app
import flask_wtf
client = app.test_client()
token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', client.get("/").text)[1]
print(flask_wtf.FlaskForm.__module__, client.post("/", data={"name": "Ada", "csrf_token": token}).text)
"""


@pytest.mark.slow
def test_the_form_as_printed_runs_under_compatibility(tmp_path):
    project = Project(tmp_path, SAMPLE, "flask")
    assert project.run_file(USED).split(maxsplit=1)[1].strip().endswith("Hello, Ada!")
