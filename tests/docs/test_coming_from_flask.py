"""The examples of docs/coming-from-flask.md, and the claims of its table."""

from __future__ import annotations

import time

import pytest

from demijohn import Flask, session


def test_an_application_with_another_import_runs(load_example):
    client = load_example("coming_from_flask/before_and_after").app.test_client()
    assert client.post("/basket", data={"bottles": "2"}).json == {"bottles": 2, "here": "/basket"}
    assert client.get("/basket").json["bottles"] == 2


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "a key for the tests of this page only"

    @app.route("/", methods=["GET", "POST"])
    def index():
        session["seen"] = True
        return "ok"

    return app


def session_cookie(app: Flask, address: str) -> str:
    return app.test_client().get("/", base_url=address).headers["Set-Cookie"]


def test_the_session_cookie_is_secure_off_loopback_and_lax(app):
    cookie = session_cookie(app, "https://shop.example")
    assert "Secure" in cookie
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie


def test_the_session_cookie_can_be_as_in_flask(app):
    app.config.update(SESSION_COOKIE_SECURE=False, SESSION_COOKIE_SAMESITE=None)
    cookie = session_cookie(app, "http://shop.example")
    assert "Secure" not in cookie
    assert "SameSite" not in cookie


def test_a_malformed_host_is_refused(app):
    assert app.test_client().get("/", headers={"Host": "a/?x="}).status_code == 400


@pytest.mark.parametrize(("limit", "status"), [(16, 400), (None, 200)])
def test_the_limit_of_query_fields_is_a_setting(app, limit, status):
    app.config["MAX_QUERY_FIELDS"] = limit

    @app.get("/search")
    def search():
        from demijohn import request

        return str(len(request.args))

    query = "&".join(f"f{number}=1" for number in range(20))
    assert app.test_client().get(f"/search?{query}").status_code == status


@pytest.mark.parametrize(("limit", "status"), [(10, 413), (None, 200)])
def test_the_limit_of_a_body_is_a_setting(app, limit, status):
    app.config["MAX_CONTENT_LENGTH"] = limit

    @app.post("/upload")
    def upload():
        from demijohn import request

        return str(len(request.get_data()))

    assert app.test_client().post("/upload", data=b"x" * 20).status_code == status


def test_an_error_is_a_problem_document_for_who_asks_for_json(app):
    answer = app.test_client().get("/nowhere", headers={"Accept": "application/json"})
    assert answer.mimetype == "application/problem+json"


def test_a_second_view_for_one_rule_is_refused_at_start_up(app):
    with pytest.raises(AssertionError):
        app.add_url_rule("/", view_func=lambda: "never", endpoint="second")


def test_a_background_task_runs_while_the_application_is_served(load_example):
    app = load_example("coming_from_flask/serving").app
    with app.test_client(protocol="asgi") as client:
        time.sleep(0.1)
        with client.websocket("/ticks") as socket:
            assert socket.receive().endswith("ticks so far")
