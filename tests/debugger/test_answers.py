"""What answers an error in debug mode, by Accept and by Host, and the addresses of the debugger."""

from __future__ import annotations

import contextlib

import pytest

from demijohn import Flask
from demijohn.testing import FlaskClient

HERE = "/__demijohn__/debugger/"


@pytest.fixture(autouse=True)
def views(app):
    @app.get("/fails/<word>")
    def fails(word):
        raise ValueError(f"a {word} error")

    @app.get("/well")
    def well():
        return "well"


@pytest.mark.parametrize(
    "accept",
    ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json, text/html;q=0.1"],
)
def test_who_lists_html_gets_the_page(client, accept):
    answer = client.get("/fails/big", accept)
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "a big error" in answer.text


@pytest.mark.parametrize(
    "accept", ["application/json", "application/problem+json", "text/html;q=0, application/json"]
)
def test_who_asks_for_json_gets_a_problem_with_the_traceback_and_the_path_of_the_page(client, accept):
    answer = client.get("/fails/big", accept)
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.json["status"] == 500
    assert answer.json["detail"] == "ValueError: a big error"
    assert answer.json["traceback"][0] == "Traceback (most recent call last):"
    assert answer.json["traceback"][-1] == "ValueError: a big error"
    page = client.get(answer.json["debugger"])
    assert page.status_code == 200
    assert "a big error" in page.text


@pytest.mark.parametrize("accept", ["*/*", "", "text/plain", "image/png"])
def test_anybody_else_gets_the_plain_traceback(client, accept):
    answer = client.get("/fails/big", accept)
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert answer.text.startswith("Traceback (most recent call last):\n")
    assert answer.text.endswith("\nValueError: a big error\n")


def test_the_last_ten_errors_are_listed_the_newest_first_and_older_ones_say_so(client):
    paths = [client.get(f"/fails/n{n}", "application/json").json["debugger"] for n in range(12)]
    listed = client.get(HERE).text
    kept = [f"n{n}" for n in range(2, 12)]
    places = [listed.index(f"a {name} error") for name in kept]
    assert places == sorted(places, reverse=True)
    assert "a n1 error" not in listed
    gone = client.get(paths[0])
    assert gone.status_code == 410
    assert "only the last 10 are kept" in gone.text
    assert client.get(paths[2]).status_code == 200


def test_an_address_of_no_error_is_not_found(client):
    for name in ("nothing", "999-aaaaaaaa", "1", "..%2f", "-1-x"):
        assert client.get(f"{HERE}{name}").status_code == 404, name


def test_an_error_of_a_background_task_is_listed(app, client):
    def work():
        raise RuntimeError("nobody saw this")

    @app.get("/start")
    def start():
        app.add_background_task(work)
        return "started"

    client.get("/start")
    assert _eventually(lambda: "nobody saw this" in client.get(HERE).text)


def _eventually(condition):
    import time

    return any(condition() or time.sleep(0.05) for _ in range(100))


def test_it_stands_before_the_hooks_and_routes_of_the_application(app, client):
    @app.before_request
    def nobody():
        return "log in first", 401

    app.add_url_rule("/<path:anything>", view_func=lambda anything: "mine", endpoint="anything")
    assert client.get("/well").status_code == 401
    answer = client.get(HERE)
    assert answer.status_code == 200
    assert "Last errors" in answer.text


def test_it_keeps_the_prefix_that_the_application_is_mounted_at(app, client):
    client.install()
    answer = client.client.get(
        "/fails/big", headers={"Accept": "text/html"}, environ_overrides={"SCRIPT_NAME": "/shop"}
    )
    assert 'src="/shop/__demijohn__/debugger/page.js"' in answer.text


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1:8000", "[::1]:5000", "127.9.9.9", "shop.localhost"]
)
def test_this_machine_is_known_by_its_names(client, host):
    assert client.get(HERE, Host=host).status_code == 200
    assert "demijohn-debugger" in client.get("/fails/big", Host=host).text


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "10.0.0.1", "evil.example:5000", "127.0.0.1.nip.io"]
)
@pytest.mark.parametrize("path", ["", "1-aaaaaaaa", "page.js", "eval", "pin", "../bar.js"])
def test_case_52_another_host_is_refused_at_every_address(client, host, path):
    assert client.get(f"{HERE}{path}".replace("debugger/../", ""), Host=host).status_code == 400
    assert client.post(f"{HERE}{path}".replace("debugger/../", ""), {}, Host=host).status_code == 400


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
def test_case_52_under_another_host_an_error_tells_nothing(client, accept):
    answer = client.get("/fails/big", accept, Host="evil.example")
    assert answer.status_code == 500
    assert "ValueError" not in answer.text
    assert "DEMIJOHN_DEBUG_HOSTS" in answer.text


def test_a_developer_s_own_host_name_is_let_in_by_name(client, environment):
    environment(DEBUG_HOSTS="shop.test, .lan.example")
    for host in ("shop.test", "shop.test:5000", "a.lan.example"):
        assert "demijohn-debugger" in client.get("/fails/big", Host=host).text
    assert client.get(HERE, Host="other.test").status_code == 400


def test_with_remote_debugging_the_page_stays_and_the_console_does_not(client, environment):
    environment(ALLOW_REMOTE_DEBUG="1")
    page = client.get("/fails/big", Host="box.example")
    assert "a big error" in page.text
    assert "demijohn-debugger" not in page.text
    assert "data-console" not in page.text
    assert client.get(HERE, Host="box.example").status_code == 200
    for name in ("eval", "pin"):
        assert client.post(f"{HERE}{name}", {}, Host="box.example").status_code == 400
    assert "demijohn-debugger" in client.get("/fails/big").text


def test_case_54_the_token_is_another_with_each_start(app, client, environment):
    first = client.failed("/fails/big").token
    other = Flask("other", static_folder=None)
    other.debug = True
    other.add_url_rule("/", view_func=lambda: 1 / 0)
    from tests.debugger.conftest import Browser

    second = Browser(other, "wsgi").failed("/").token
    assert first != second
    assert len(first or "") >= 32


def test_without_debug_mode_none_of_it_is_there(app, client):
    client.install()
    app.debug = False
    assert client.get(HERE).status_code == 404
    assert "ValueError" not in client.get("/fails/big").text


def test_an_application_that_no_server_put_it_into_has_none_of_it(app):
    assert FlaskClient(app, app.response_class).get(HERE).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_an_application_that_cannot_be_loaded_is_shown_with_what_to_do_to_this_machine_only(host):
    from werkzeug.test import Client

    from demijohn.debugger.advice import advise
    from demijohn.debugger.guard import Guard
    from demijohn.devserver.broken import broken_app

    error = SyntaxError("invalid syntax", ("shop.py", 3, 5, "def x(:", 3, 6))
    client = Client(broken_app("Traceback: SyntaxError", advise(error), Guard("key").shows))
    text = client.get("/", headers={"Host": host, "Accept": "text/html"}).text
    assert ("Mend line 3 of shop.py: invalid syntax." in text) == (host == "localhost")
    assert ("SyntaxError" in text) == (host == "localhost")


def test_an_error_of_a_websocket_is_listed(app):
    from tests.debugger.conftest import Browser

    @app.websocket("/talk")
    async def talk():
        raise LookupError("nobody heard this")

    asgi = Browser(app, "asgi")
    asgi.install()
    with contextlib.suppress(Exception), asgi.client.websocket("/talk") as socket:
        socket.receive()
    listed = asgi.get(HERE).text
    assert "nobody heard this" in listed
    assert "WebSocket /talk" in listed


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_error_in_a_stream_that_has_begun_is_listed(app, client, kind):
    @app.get("/stream")
    def stream():
        def parts():
            yield "one"
            raise LookupError("too late for a page")

        async def more():
            yield "one"
            raise LookupError("too late for a page")

        return parts() if kind == "sync" else more(), {"Content-Type": "text/plain"}

    with contextlib.suppress(Exception):  # each protocol ends it in its way
        client.get("/stream").data  # noqa: B018
    assert "too late for a page" in client.get(HERE).text
