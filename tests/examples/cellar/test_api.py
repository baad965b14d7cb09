"""The cellar as JSON: reading, tokens, writing, and errors as problem documents (RFC 9457)."""

from __future__ import annotations

import pytest

from .conftest import BOTTLE, ON_BOTH, PASSWORD


@pytest.fixture
def program(app, cleo):
    """A client that sends a bearer token and no cookie."""
    client = app.test_client()
    answer = client.post("/api/token", json={"name": "Cleo", "password": PASSWORD})
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answer.json['access_token']}"
    return client


def problem(answer, status):
    """The problem document of an answer."""
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["type"] == "about:blank"
    return answer.json


@ON_BOTH
def test_bottles_come_in_pages_that_name_their_neighbours(client):
    answer = client.get("/api/bottles?sort=name")
    assert (answer.json["page"], answer.json["pages"], len(answer.json["items"])) == (1, 2, 25)
    assert answer.headers.getlist("Link") == ['</api/bottles?sort=name&page=2>; rel="next"']
    assert len(client.get("/api/bottles?sort=name&page=2").json["items"]) == answer.json["total"] - 25


def test_a_bottle_has_money_in_euros_and_addresses_for_links(client):
    bottle = client.get("/api/bottles/1").json
    assert bottle["price"] == 19
    assert bottle["url"] == "/api/bottles/1"
    assert bottle["photo"] is None


def test_racks_tell_how_full_they_are(client):
    for rack in client.get("/api/racks").json:
        assert 0 < rack["taken"] <= rack["size"] == rack["shelves"] * rack["places"]


@ON_BOTH
def test_a_program_adds_and_opens_a_bottle(program):
    answer = program.post(
        "/api/bottles", json={**BOTTLE, "vintage": 2019, "price": 31.5, "rack": 2, "count": 1}
    )
    assert answer.status_code == 201
    address = answer.headers["Location"]
    opened = program.post(f"{address}/open", json={"rating": 5, "note": "Walnut."})
    assert opened.json["bottle"]["stock"] == 0
    assert opened.json["bottle"]["rating"] == 5
    assert opened.json["taken_from"]["rack"] == 2
    assert problem(program.post(f"{address}/open", json={}), 409)["detail"] == "There is none left to open."


def test_wrong_fields_are_listed(program):
    errors = problem(program.post("/api/bottles", json={"name": "x", "count": 0, "colour": []}), 422)[
        "errors"
    ]
    assert list(errors) == ["colour"]
    errors = problem(program.post("/api/bottles", json={"name": "x", "count": 0}), 422)["errors"]
    assert set(errors) == {"producer", "colour", "region", "country", "rack", "count"}


@pytest.mark.parametrize("value", [True, {}, [], ["x"]])
def test_a_field_is_text_or_a_number(program, value):
    errors = problem(program.post("/api/bottles", json={**BOTTLE, "name": value}), 422)["errors"]
    assert errors == {"name": "This should be text or a number."}


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"x"', "application/json", 400),
        (b"", "application/json", 400),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b'{"name": "x"}', "text/plain", 415),
    ],
)
def test_case_22_and_23_a_body_that_is_no_json_object_is_a_problem(program, body, media, status):
    problem(program.post("/api/bottles", data=body, content_type=media), status)


def test_strangers_are_told_how_to_get_in(client):
    answer = client.post("/api/bottles", json=BOTTLE)
    assert "/api/token" in problem(answer, 401)["detail"]
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


def test_a_browsers_session_needs_the_forms_token(cleo):
    problem(cleo.client.post("/api/bottles/1/open", json={}), 403)
    answer = cleo.client.post("/api/bottles/1/open", json={}, headers={"X-CSRF-Token": cleo.token()})
    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "IjEi.bad.bad", "x" * 100_000])
def test_case_32_a_bad_token_is_refused_even_beside_a_good_session(cleo, token):
    answer = cleo.client.post("/api/bottles/1/open", json={}, headers={"Authorization": f"Bearer {token}"})
    problem(answer, 401)


def test_a_token_that_is_too_old_is_refused(app, program):
    app.config["TOKEN_LIFETIME"] = -1
    problem(program.post("/api/bottles/1/open", json={}), 401)


def test_a_wrong_password_gets_no_token(app, cleo):
    problem(app.test_client().post("/api/token", json={"name": "Cleo", "password": "wrong"}), 401)


@ON_BOTH
@pytest.mark.parametrize("word", ["\\u0000", "\\ud800", "x" * 100_000])
def test_strange_names_and_passwords_are_wrong_ones(client, word):
    for body in (f'{{"name": "{word}", "password": "x"}}', f'{{"name": "Cleo", "password": "{word}"}}'):
        answer = client.post("/api/token", data=body, content_type="application/json")
        assert answer.status_code in {400, 401, 422}


def test_a_token_of_somebody_who_was_deleted_is_refused(program, database):
    database.run("DELETE FROM person WHERE name = 'Cleo'")
    problem(program.post("/api/bottles/1/open", json={}), 401)


def test_a_token_is_kept_by_no_cache(app, cleo):
    answer = app.test_client().post("/api/token", json={"name": "Cleo", "password": PASSWORD})
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "status"), [("/api/nothing", 404), ("/api/bottles/99999", 404), ("/api/bottles/x", 404)]
)
def test_what_is_not_there_is_a_problem_too(client, path, status):
    problem(client.get(path), status)


def test_a_wrong_method_names_the_right_ones(client):
    answer = client.delete("/api/bottles/1")
    problem(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_a_crash_tells_programs_nothing(app, client, database):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    database.run("ALTER TABLE bottle RENAME TO elsewhere")
    detail = problem(client.get("/api/bottles"), 500)["detail"]
    assert "sql" not in detail.lower()
    assert "bottle" not in detail
