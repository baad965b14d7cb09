"""Errors become answers: the most specific handler's, else a page or a problem document, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from werkzeug.exceptions import Conflict, Forbidden, HTTPException, InternalServerError, NotFound

from demijohn import Blueprint, abort, got_request_exception


class Base(Exception):
    pass


class Special(Base):
    pass


def failing_with(error):
    def view():
        raise error

    return view


def test_the_handler_of_the_most_specific_class_answers(app, client):
    app.register_error_handler(Exception, lambda e: "Exception")
    app.register_error_handler(Base, lambda e: "Base")
    app.register_error_handler(Special, lambda e: "Special")
    app.add_url_rule("/special", "special", failing_with(Special()))
    app.add_url_rule("/base", "base", failing_with(Base()))
    app.add_url_rule("/key", "key", failing_with(KeyError()))
    assert [client.get(path).text for path in ("/special", "/base", "/key")] == [
        "Special",
        "Base",
        "Exception",
    ]


def test_a_code_wins_over_a_class(app, client):
    app.register_error_handler(HTTPException, lambda e: ("class", e.code))
    app.register_error_handler(404, lambda e: ("code", e.code))
    assert client.get("/nowhere").text == "code"


def test_a_blueprints_handler_wins_for_its_own_routes_only(app, client):
    room = Blueprint("room", __name__, url_prefix="/room")
    room.register_error_handler(403, lambda e: ("room", 403))
    room.add_url_rule("/", "index", failing_with(Forbidden()))
    app.register_error_handler(403, lambda e: ("app", 403))
    app.add_url_rule("/", "index", failing_with(Forbidden()))
    app.register_blueprint(room)
    assert [client.get(path).text for path in ("/room/", "/")] == ["room", "app"]


def test_an_app_errorhandler_of_a_blueprint_is_everyones(app, client):
    room = Blueprint("room", __name__)
    room.app_errorhandler(404)(lambda e: ("room's", 404))
    app.register_blueprint(room)
    assert client.get("/nowhere").text == "room's"


def test_a_handler_of_500_gets_the_original_exception(app, client):
    original = ValueError("on purpose")
    told = []
    app.register_error_handler(500, lambda e: (told.append(e) or "handled", 500))
    app.add_url_rule("/", "index", failing_with(original))
    assert client.get("/").text == "handled"
    assert isinstance(told[0], InternalServerError)
    assert told[0].original_exception is original


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_the_failure_of_an_error_handler_is_logged_and_answered_with_500(app, client, caplog, is_async):
    def handler(e):
        raise RuntimeError("the handler failed")

    async def later(e):
        await asyncio.sleep(0)
        handler(e)

    app.register_error_handler(ValueError, later if is_async else handler)
    app.add_url_rule("/", "index", failing_with(ValueError("the view failed")))
    assert client.get("/").status_code == 500
    logged = "".join(logging.Formatter().format(record) for record in caplog.records)
    assert "the handler failed" in logged
    assert "the view failed" in logged


def test_the_failure_of_an_after_request_function_while_an_error_is_answered_is_logged(app, client, caplog):
    @app.after_request
    def after(response):
        raise RuntimeError("after failed too")

    app.add_url_rule("/", "index", failing_with(ValueError("the view failed")))
    assert client.get("/").status_code == 500
    assert any("while handling an error" in record.message for record in caplog.records)


def test_the_log_names_the_path_and_method(app, client, caplog):
    app.add_url_rule("/path", "index", failing_with(ValueError()), methods=["POST"])
    client.post("/path")
    assert "Exception on /path [POST]" in caplog.text


def test_in_testing_an_unhandled_error_reaches_the_test(app, client):
    app.testing = True
    app.add_url_rule("/", "index", failing_with(Special("seen")))
    with pytest.raises(Special, match="seen"):
        client.get("/")


def test_an_unhandled_error_is_signalled(app, client):
    heard = []
    receiver = lambda sender, exception, **extra: heard.append(exception)  # noqa: E731
    error = ValueError()
    app.add_url_rule("/", "index", failing_with(error))
    with got_request_exception.connected_to(receiver, app):
        client.get("/")
    assert heard == [error]


def test_an_error_of_a_handler_for_exception_covers_http_errors_of_routing(app, client):
    app.register_error_handler(Exception, lambda e: (type(e).__name__, getattr(e, "code", 500)))
    app.add_url_rule("/", "index", lambda: "answer")
    assert client.get("/nowhere").text == "NotFound"
    assert client.post("/").text == "MethodNotAllowed"


def test_abort_can_carry_a_response(app, client):
    app.add_url_rule("/", "index", lambda: abort(app.make_response(("as it is", 418))))
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (418, "as it is")


@pytest.mark.parametrize("bad", ["not found", 999, Forbidden(), object], ids=str)
def test_registering_a_handler_for_nonsense_is_an_error(app, bad):
    with pytest.raises((TypeError, ValueError, KeyError)):
        app.register_error_handler(bad, lambda e: "never")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/problem+json"),
        ("application/problem+json", "application/problem+json"),
        ("application/json, text/html;q=0.5", "application/problem+json"),
        ("text/html, application/json;q=0.5", "text/html"),
    ],
)
def test_an_api_caller_gets_a_problem_document_and_a_browser_a_page(app, client, accept, kind):
    answer = client.get("/nowhere", headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (404, kind)


def test_a_problem_document_says_what_the_error_says(app, client):
    app.add_url_rule("/", "index", failing_with(Conflict("two of them")))
    answer = client.get("/", headers={"Accept": "application/json"})
    assert json.loads(answer.data) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "two of them",
    }


def test_case_50_a_problem_document_of_an_exception_tells_nothing(app, client):
    app.add_url_rule("/", "index", failing_with(ValueError("the secret")))
    answer = client.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert b"secret" not in answer.data


def test_a_problem_document_is_not_for_caches_to_hand_to_browsers(app, client):
    app.add_url_rule("/", "index", failing_with(NotFound()))
    for path in ("/", "/nowhere"):
        assert client.get(path, headers={"Accept": "application/json"}).headers["Vary"] == "Accept"


def test_a_problem_document_of_405_still_names_the_methods(app, client):
    app.add_url_rule("/", "index", lambda: "answer")
    answer = client.post("/", headers={"Accept": "application/json"})
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_own_error_class_of_an_application_is_answered_as_it_says(app, client):
    class TooStrong(HTTPException):
        code = 418
        description = "too strong"

    app.add_url_rule("/", "index", failing_with(TooStrong()))
    answer = client.get("/")
    assert answer.status_code == 418
    assert "too strong" in answer.text


def test_the_description_of_an_error_is_escaped_in_its_page(app, client):
    app.add_url_rule("/", "index", failing_with(NotFound("<script>alert(1)</script>")))
    assert b"<script>" not in client.get("/").data
