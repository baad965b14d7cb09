"""Signing up, in and out; who may do what; where one goes afterwards; the token of every form."""

from __future__ import annotations

import re
import time
from urllib.parse import urljoin, urlsplit

import pytest

from .conftest import PASSWORD, Visitor, errors_in

MEMBERS_ONLY = ["/bottles/new", "/bottles/1/edit", "/bottles/1/remove", "/racks/new"]
CHANGES = [
    "/bottles/new",
    "/bottles/1/edit",
    "/bottles/1/open",
    "/bottles/1/shelve",
    "/bottles/1/remove",
    "/racks/new",
    "/auth/sign-in",
    "/auth/sign-up",
    "/auth/sign-out",
    "/archives/",
    "/live/glasses/1",
]


def test_signing_up_signs_in(visitor):
    visitor.sign_up("Emil")
    page = visitor.get("/").text
    assert "Welcome to the cellar, Emil." in page
    assert "Sign out" in page


def test_a_greeting_is_said_once(visitor):
    visitor.sign_up().get("/")
    assert "Welcome to the cellar" not in visitor.get("/").text


def test_signing_out_and_in_again(app, cleo):
    assert cleo.post("/auth/sign-out").status_code == 303
    assert "Sign out" not in cleo.get("/").text
    answer = cleo.post("/auth/sign-in", {"name": "cleo", "password": PASSWORD})
    assert answer.status_code == 302
    assert "Welcome back, Cleo." in cleo.get("/").text


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("", PASSWORD, "name"),
        ("   ", PASSWORD, "name"),
        ("C", PASSWORD, "name"),
        ("C" * 31, PASSWORD, "name"),
        ("Cl\x00eo", PASSWORD, "name"),
        ("ada", PASSWORD, "name"),
        ("Emil", "", "password"),
        ("Emil", "too short", "password"),
        ("Emil", "x" * 201, "password"),
    ],
)
def test_an_account_needs_a_free_name_and_a_real_password(visitor, name, password, field):
    answer = visitor.post("/auth/sign-up", {"name": name, "password": password})
    assert answer.status_code == 422
    assert list(errors_in(answer.text)) == [field]


def test_a_wrong_password_is_never_written_back(visitor):
    answer = visitor.post("/auth/sign-in", {"name": "Cleo", "password": "a wrong one"})
    assert answer.status_code == 422
    assert 'value="Cleo"' in answer.text
    assert "a wrong one" not in answer.text


def test_wrong_password_and_unknown_name_get_the_same_page(app):
    other = Visitor(app.test_client())
    pages = [other.post("/auth/sign-in", {"name": name, "password": "wrong"}) for name in ("Cleo", "Dora")]
    # The tokens differ in every answer.
    texts = [re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", page.text) for page in pages]
    assert texts[0].replace("Cleo", "Dora") == texts[1]
    assert {page.status_code for page in pages} == {422}


def test_case_37_unknown_user_and_wrong_password_take_the_same_time(app):
    visitor = Visitor(app.test_client())

    def best(name):
        times = []
        for _ in range(3):
            token = visitor.token()
            start = time.thread_time()  # the work done, whatever else the machine does
            data = {"name": name, "password": "wrong", "csrf_token": token}
            visitor.client.post("/auth/sign-in", data=data)
            times.append(time.thread_time() - start)
        return min(times)

    known, unknown = best("Cleo"), best("Nobody")
    assert 0.5 < known / unknown < 2


@pytest.mark.parametrize("way", ["sign-in", "sign-up"])
def test_a_browser_that_is_to_remember_knows_its_visitor_in_the_next_session(app, way):
    browser = Visitor(app.test_client())
    name = "Cleo" if way == "sign-in" else "Emil"
    browser.post(f"/auth/{way}", {"name": name, "password": PASSWORD, "remember": "1"})
    browser.client.delete_cookie("cellar")
    page = browser.get("/bottles/new")
    assert page.status_code == 200
    assert name in page.text
    browser.post("/auth/sign-out")
    assert browser.get("/bottles/new").status_code == 302
    assert browser.client.get_cookie("cellar_remember") is None


def test_a_browser_is_not_remembered_unasked(app):
    browser = Visitor(app.test_client()).sign_up()
    browser.client.delete_cookie("cellar")
    assert browser.get("/bottles/new").status_code == 302


def test_a_box_that_was_ticked_stays_ticked_when_the_password_was_wrong(visitor):
    page = visitor.post("/auth/sign-in", {"name": "Cleo", "password": "wrong", "remember": "1"}).text
    assert re.search(r'<input[^>]* checked[^>]* name="remember"', page)


def test_a_remembered_browser_needs_the_forms_token_too(app):
    """Its cookie is sent by itself, like that of the session."""
    browser = Visitor(app.test_client()).sign_up(remember="1")
    browser.client.delete_cookie("cellar")
    assert browser.client.post("/bottles/1/open").status_code == 403


def test_nobody_can_sign_in_as_the_people_of_the_samples(visitor):
    assert visitor.post("/auth/sign-in", {"name": "Ada", "password": "Ada"}).status_code == 422


def test_a_closed_cellar_makes_no_accounts(app):
    app.config["SIGN_UP"] = False
    visitor = Visitor(app.test_client())
    assert visitor.post("/auth/sign-up", {"name": "Emil", "password": PASSWORD}).status_code == 403
    assert "Make an account" not in visitor.get("/auth/sign-in").text


def test_signing_in_starts_a_new_session(visitor):
    """Case 34, as far as a session kept in a cookie can: nothing of the old session lives on."""
    visitor.token()
    with visitor.client.session_transaction() as session:
        before = session["csrf_token"]
    visitor.sign_up()
    with visitor.client.session_transaction() as session:
        assert session.get("csrf_token") != before


@pytest.mark.parametrize("path", MEMBERS_ONLY)
def test_strangers_are_asked_to_sign_in_and_come_back(client, path):
    answer = client.get(f"{path}?x=1")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/auth/sign-in?next=")
    visitor = Visitor(client)
    joined = visitor.post(
        answer.headers["Location"].replace("sign-in", "sign-up"), {"name": "Emil", "password": PASSWORD}
    )
    assert joined.headers["Location"] == f"{path}?x=1"


@pytest.mark.parametrize("path", ["/bottles/new", "/bottles/1/open", "/bottles/1/remove", "/racks/new"])
def test_strangers_change_nothing(visitor, database, path):
    before = database.everything()
    answer = visitor.post(path, {"name": "x"})
    assert answer.headers["Location"] == "/auth/sign-in"
    assert database.everything() == before


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "/////evil.example", "https:evil.example", "https://evil.example",
     "\x01//evil.example", "\t//evil.example", "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)",
     ""],
)  # fmt: skip
def test_case_41_and_69_signing_in_never_leads_to_another_site(client, target):
    answer = client.post(
        "/auth/sign-up",
        query_string={"next": target},
        data={"name": "Emil", "password": PASSWORD, "csrf_token": Visitor(client).token()},
    )
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"


def test_a_next_that_only_looks_like_a_host_is_a_page_of_this_site(client):
    answer = client.post(
        "/auth/sign-up",
        query_string={"next": "evil.example"},
        data={"name": "Emil", "password": PASSWORD, "csrf_token": Visitor(client).token()},
    )
    address = urljoin("http://localhost/auth/sign-up", answer.headers["Location"])
    assert urlsplit(address).netloc == "localhost"


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("token", [None, "", "wrong", "\xe9"])
def test_case_39_a_form_without_its_token_is_refused(cleo, path, token):
    data = {} if token is None else {"csrf_token": token}
    answer = cleo.client.post(path, data=data)
    assert answer.status_code == 403


def test_another_sessions_token_is_refused(app, cleo):
    token = Visitor(app.test_client()).token()
    assert cleo.client.post("/bottles/1/open", data={"csrf_token": token}).status_code == 403


def test_a_cookie_that_was_tampered_with_is_nobody(cleo):
    cookie = cleo.client.get_cookie("cellar")
    cleo.client.set_cookie("cellar", cookie.value[:-3] + ("aaa" if cookie.value[-3:] != "aaa" else "bbb"))
    assert "Sign out" not in cleo.get("/").text


def test_somebody_who_was_deleted_is_nobody(cleo, database):
    database.run("DELETE FROM person WHERE name = 'Cleo'")
    assert cleo.get("/bottles/new").status_code == 302


def test_pages_of_people_are_not_kept_by_shared_caches(cleo):
    assert "Cookie" in cleo.get("/").headers["Vary"]
