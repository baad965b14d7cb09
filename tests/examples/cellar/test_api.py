"""The cellar as JSON: reading, tokens, writing, two versions, and errors as problem documents (RFC 9457)."""

from __future__ import annotations

import warnings

import pytest
from cellar.store.database import db
from cellar.store.models import Person
from cellar.web.api.base import make_token
from openapi_spec_validator import validate

from .conftest import CLEO, ON_BOTH, PASSWORD, TYPED


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
def test_the_first_version_counts_its_pages(client):
    answer = client.get("/api/bottles?sort=name")
    assert (answer.json["page"], answer.json["pages"], len(answer.json["items"])) == (1, 2, 25)
    assert len(client.get("/api/bottles?sort=name&page=2").json["items"]) == answer.json["total"] - 25


def test_a_bottle_has_money_in_euros_and_addresses_for_links(client):
    bottle = client.get("/api/bottles/1").json
    assert bottle["price"] == 19
    assert bottle["url"] == "/api/v1/bottles/1"
    assert bottle["photo"] is None


def test_racks_tell_how_full_they_are(client):
    for rack in client.get("/api/racks").json:
        assert 0 < rack["taken"] <= rack["size"] == rack["shelves"] * rack["places"]


@ON_BOTH
def test_a_program_adds_and_opens_a_bottle(program):
    answer = program.post("/api/bottles", json={**TYPED, "count": 1})
    assert answer.status_code == 201, answer.text
    address = answer.headers["Location"]
    opened = program.post(f"{address}/open", json={"rating": 5, "note": "Walnut."})
    assert opened.json["bottle"]["stock"] == 0
    assert opened.json["bottle"]["rating"] == 5
    assert opened.json["taken_from"]["rack"] == 2
    assert problem(program.post(f"{address}/open", json={}), 409)["detail"] == "There is none left to open."


def wrong(answer):
    """What is wrong with the body of a request, by place."""
    return {one["pointer"]: one["detail"] for one in problem(answer, 422)["errors"]}


def test_every_wrong_field_is_listed(program):
    body = {**TYPED, "name": " ", "vintage": "2019", "colour": "blue", "count": 0}
    assert set(wrong(program.post("/api/bottles", json=body))) == {"/name", "/vintage", "/colour", "/count"}
    assert "/producer" in wrong(program.post("/api/v2/bottles", json={"name": "x"}))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"drink_until": 2018, "drink_from": None}, "/drink_until"),
        ({"rack": 99}, "/rack"),
        ({"name": "a\x00b"}, "/name"),
    ],
)
@ON_BOTH
def test_rules_between_fields_and_rows_name_the_field_too(program, changes, place):
    assert list(wrong(program.post("/api/bottles", json={**TYPED, **changes}))) == [place]


def test_a_full_rack_is_a_conflict(program):
    detail = problem(program.post("/api/bottles", json={**TYPED, "count": 48}), 409)["detail"]
    assert "free place" in detail


def test_a_note_needs_a_rating(program):
    assert list(wrong(program.post("/api/bottles/1/open", json={"note": "Walnut."}))) == ["/rating"]


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b"", "application/json", 400),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b'{"name": "x"}', "text/plain", 415),
    ],
)
def test_case_22_and_23_a_body_that_is_no_json_object_is_a_problem(program, body, media, status):
    problem(program.post("/api/bottles", data=body, content_type=media), status)


# Versions


def test_the_first_version_says_that_it_goes(client):
    for path in ("/api/bottles", "/api/v1/bottles", "/api/v1/racks"):
        headers = client.get(path).headers
        assert headers["Deprecation"].startswith("@"), path
        assert "2027" in headers["Sunset"]
        assert '</api/docs>; rel="deprecation"' in headers["Link"]
    assert "Deprecation" not in client.get("/api/v2/bottles").headers


@ON_BOTH
def test_the_second_version_lists_what_is_asked_for_and_links_the_pages(client):
    answer = client.get("/api/v2/bottles?colour=white&sort=-vintage,name&per_page=2")
    assert [bottle["colour"] for bottle in answer.json] == ["white", "white"]
    assert 'page=2>; rel="next"' in answer.headers["Link"]
    everything = client.get("/api/v2/bottles?stock[gte]=1&per_page=100&q=riesling").json
    assert everything
    assert all(bottle["stock"] >= 1 and "Riesling" in bottle["grapes"] for bottle in everything)


@ON_BOTH
@pytest.mark.parametrize(
    "query", ["vintage=99999999999", "vintage=" + "9" * 30, "region=%00", "page=99999999999999", "q=%00%ff"]
)
def test_what_no_database_compares_with_breaks_nothing(client, query):
    assert client.get(f"/api/v2/bottles?{query}").status_code in {200, 422}


def test_the_second_version_has_money_in_cents_and_entity_tags(client):
    answer = client.get("/api/v2/bottles/1")
    assert (answer.json["price_cents"], answer.json["url"]) == (1900, "/api/v2/bottles/1")
    assert (
        client.get("/api/v2/bottles/1", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    )


def test_a_bottle_that_is_sent_again_is_laid_once(program):
    body = {**TYPED, "price_cents": 3150, "count": 1}
    sent = [program.post("/api/v2/bottles", json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert sent[0].status_code == sent[1].status_code == 201
    assert sent[0].headers["Location"] == sent[1].headers["Location"]


def test_there_is_no_third_version(client):
    assert problem(client.get("/api/v3/bottles"), 404)["versions"] == ["1", "2"]


def test_the_document_has_the_api_and_nothing_else(client):
    for version in ("1", "2"):
        document = client.get(f"/api/v{version}/openapi.json").json
        validate(document)
        assert set(document["paths"]) == {
            f"/api/v{version}{path}"
            for path in ("/bottles", "/bottles/{bottle_id}", "/bottles/{bottle_id}/open", "/racks", "/token")
        }
    assert "swagger-ui" in client.get("/api/docs").text


@pytest.mark.soak
@pytest.mark.parametrize("version", ["1", "2"])
def test_nothing_breaks_it_and_it_answers_as_its_document_says(make_app, version):
    """By schemathesis: requests made of the document, good ones and bad ones."""
    app = make_app(RATELIMIT_ENABLED=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import hypothesis  # heavy, and of no other test's concern
        import schemathesis

        with app.app_context():
            bearer = {"Authorization": f"Bearer {make_token(db.session.get(Person, CLEO))}"}
        seen = 0
        for found in schemathesis.openapi.from_wsgi(
            f"/api/v{version}/openapi.json", app
        ).get_all_operations():
            operation = found.ok()

            @hypothesis.given(case=operation.as_strategy())
            @hypothesis.settings(
                max_examples=40,
                deadline=None,
                database=None,
                suppress_health_check=list(hypothesis.HealthCheck),
                derandomize=True,
            )
            def ask(case):
                case.call_and_validate(headers=bearer, checks=conformance())

            ask()
            seen += 1
    assert seen == 6


def conformance():
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    return (
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    )


# Who calls


def test_strangers_are_told_how_to_get_in(client):
    answer = client.post("/api/bottles", json=TYPED)
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


def test_a_browsers_session_is_worth_nothing_here(cleo):
    """So there is nothing that a page of another site could do with it."""
    problem(cleo.client.post("/api/bottles/1/open", json={}), 401)


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
