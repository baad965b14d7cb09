"""What orchestrators ask: whether the process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import pytest

from demijohn import Flask
from demijohn.compat.app import Flask as CompatFlask

PROTOCOLS = ["wsgi", "asgi", "rsgi"]


@pytest.fixture
def app():
    return Flask(__name__)


def call(app, path, method="GET", host="10.1.2.3:8080"):
    """What a server would send, over WSGI."""
    from demijohn.testing import EnvironBuilder

    environ = EnvironBuilder(app, path, method=method, headers={"Host": host}).get_environ()
    said = {}

    def start_response(status, headers):
        said.update(status=status, headers=dict(headers))

    body = b"".join(app(environ, start_response))
    return said["status"], said["headers"], body


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_process_that_lives_says_so(app, protocol):
    answer = app.test_client(protocol=protocol).get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_checks_of_either_kind_are_asked(app, protocol, kind):
    if kind == "sync":
        app.readiness_check("stock")(lambda: None)
        app.readiness_check("price")(lambda: False)
    else:

        @app.readiness_check("stock")
        async def stock():
            await asyncio.sleep(0)

        @app.readiness_check("price")
        async def price():
            raise OSError("of no concern to strangers")

    answer = app.test_client(protocol=protocol).get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "failing", "checks": {"stock": "ok", "price": "failing"}}
    assert "strangers" not in answer.text


def test_without_checks_it_is_ready(app):
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "checks": {}})


def test_it_is_answered_before_the_list_of_hosts_hooks_and_sessions(app):
    app.config["TRUSTED_HOSTS"] = ["shop.example"]
    ran = []
    app.before_request(lambda: ran.append("before"))
    app.after_request(lambda response: ran.append("after") or response)
    app.teardown_request(lambda e: ran.append("teardown"))
    for path in ("/healthz", "/readyz"):
        status, headers, _ = call(app, path)
        assert status == "200 OK"
        assert "Set-Cookie" not in headers
    assert call(app, "/healthz", host="")[0] == "200 OK"
    assert ran == []
    assert call(app, "/other")[0].startswith("400")


def test_head_is_answered_and_nothing_else(app):
    assert call(app, "/healthz", "HEAD")[::2] == ("200 OK", b"")
    assert call(app, "/healthz", "POST")[0].startswith("404")


def test_an_own_route_of_the_path_wins(app):
    app.config["TRUSTED_HOSTS"] = ["shop.example"]
    app.get("/healthz")(lambda: "mine")
    assert call(app, "/healthz", host="shop.example")[2] == b"mine"
    assert call(app, "/healthz", host="other.example")[0].startswith("400")
    assert call(app, "/readyz", host="other.example")[0] == "200 OK"


def test_a_route_for_every_path_is_not_one_of_its_own(app):
    app.get("/<path:page>", endpoint="page")(lambda page: page)
    assert b"ok" in call(app, "/healthz")[2]
    call(app, "/page")
    assert b"ok" in call(app, "/healthz")[2]  # the host is known by then


def test_the_setting_turns_them_off(app):
    app.config["HEALTH_ENDPOINTS"] = False
    client = app.test_client()
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 404
    app.config["HEALTH_ENDPOINTS"] = True
    assert client.get("/healthz").status_code == 200


def test_under_compat_they_are_off_unless_asked_for():
    app = CompatFlask(__name__)
    assert app.test_client().get("/healthz").status_code == 404
    app = CompatFlask(__name__)
    app.config["DEMIJOHN_HEALTH_ENDPOINTS"] = True
    assert app.test_client().get("/healthz").json == {"status": "ok"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_all_checks_have_one_time_limit_and_one_that_hangs_is_begun_once(app, protocol, caplog):
    app.config["READINESS_TIMEOUT"] = 0.2
    release = threading.Event()
    begun = []

    @app.readiness_check("slow")
    def slow():
        begun.append(1)
        release.wait(30)

    @app.readiness_check("slower")
    async def slower():
        await asyncio.sleep(0 if release.is_set() else 5)

    app.readiness_check("quick")(lambda: True)
    client = app.test_client(protocol=protocol)
    try:
        with caplog.at_level(logging.ERROR):
            before = time.monotonic()
            for _ in range(2):
                assert client.get("/readyz").json["checks"] == {
                    "slow": "failing",
                    "slower": "failing",
                    "quick": "ok",
                }
            assert time.monotonic() - before < 3
        assert len(begun) == 1
        assert [record.message for record in caplog.records if "'slow'" in record.message] == [
            "The readiness check 'slow' fails: it has not ended within READINESS_TIMEOUT"
        ]
    finally:
        release.set()


def test_the_text_of_an_error_is_in_the_log(app, caplog):
    @app.readiness_check("stock")
    def stock():
        raise OSError("no route to the stock")

    app.test_client().get("/readyz")
    assert "no route to the stock" in caplog.text


def test_a_check_has_the_application(app):
    from demijohn import current_app, has_request_context

    app.readiness_check("app")(lambda: current_app.name == app.name and not has_request_context())
    assert app.test_client().get("/readyz").status_code == 200


def test_a_process_that_was_told_to_stop_is_not_ready_but_lives(app):
    client = app.test_client()
    client.get("/readyz")
    app.lifecycle.announce_stop()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "stopping")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_middleware_of_wsgi_does_not_stand_before_it_on_async_servers(app, protocol):
    def closed(environ, start_response):
        start_response("403 Forbidden", [])
        return [b""]

    app.wsgi_app = closed
    client = app.test_client(protocol=protocol)
    assert client.get("/").status_code == 403
    assert client.get("/healthz").status_code == 200


def test_a_database_and_sessions_kept_elsewhere_add_themselves(app, tmp_path):
    from demijohn.ext.database import SQLAlchemy
    from demijohn.sessions.server_side import Session

    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/shop.db"
    db = SQLAlchemy(app)
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=db)
    Session(app)
    client = app.test_client()
    assert client.get("/readyz").json["checks"] == {"database": "ok", "sessions": "failing"}
    with app.app_context():
        app.session_interface.store.create_table()
    assert client.get("/readyz").json["checks"] == {"database": "ok", "sessions": "ok"}
