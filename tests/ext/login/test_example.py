"""examples/login, used as its visitors use it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[3] / "examples" / "login" / "app.py"


@pytest.fixture
def client(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("login_example", APP)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "login_example", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "passwords", module.PasswordHasher("scrypt:1024:8:1"))
    app = module.create_app(str(tmp_path / "users.sqlite"))
    app.testing = True
    client = app.test_client()
    client.post("/sign-up", data={"name": "Ada", "password": "first"})
    return client


def sign_in(client, password, **query):
    return client.post("/sign-in", query_string=query, data={"name": "Ada", "password": password})


def test_one_signs_up_and_in_and_gets_where_one_wanted(client):
    asked = client.get("/account")
    assert asked.location == "/sign-in?next=%2Faccount"
    assert client.get(asked.location).status_code == 200
    assert sign_in(client, "first", next="/account").location == "/account"
    assert "The account of Ada" in client.get("/account").text
    assert "Hello Ada" in client.get("/").text


def test_a_wrong_password_and_a_foreign_target_lead_nowhere(client):
    assert sign_in(client, "wrong", next="/account").location == "/sign-in?next=/account"
    assert "No such name" in client.get("/sign-in").text
    assert sign_in(client, "first", next="//e.example/").location == "/"


def test_a_changed_password_is_the_one_that_counts(client):
    sign_in(client, "first")
    client.post("/account/password", data={"password": "second"})
    client.post("/sign-out")
    assert client.get("/account").status_code == 302
    assert sign_in(client, "first").location == "/sign-in"
    assert sign_in(client, "second").location == "/"


def test_a_name_can_be_taken_once(client):
    again = client.post("/sign-up", data={"name": "Ada", "password": "x"}, follow_redirects=True)
    assert "That name is taken." in again.text
