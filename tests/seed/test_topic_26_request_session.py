"""Topic 26: a form is read from the request, a login is kept in the session."""

from __future__ import annotations

SAMPLE = "topic_26_request_session"


def test_the_view_reads_what_the_form_sent(visitor):
    answer = visitor.post_form("/submit", b"name=Ada&email=ada%40example.org")
    assert answer.json == {"name": "Ada", "email": "ada@example.org"}


def test_a_field_that_was_not_sent_is_none(visitor):
    assert visitor.post_form("/submit", b"name=Ada").json == {"name": "Ada", "email": None}


def test_a_login_leads_to_the_dashboard_and_is_kept(visitor):
    answer = visitor.post_form("/login", b"username=ada&password=lovelace")
    assert (answer.status, answer.header("Location")) == (302, "/dashboard")
    assert visitor.get("/dashboard").text == "Welcome, ada!"


def test_a_wrong_password_opens_no_session(visitor):
    assert visitor.post_form("/login", b"username=ada&password=wrong").status == 401
    assert visitor.cookies == {}


def test_without_a_login_the_dashboard_leads_to_it(visitor):
    answer = visitor.get("/dashboard")
    assert (answer.status, answer.header("Location")) == (302, "/login")
