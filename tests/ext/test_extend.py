"""What extensions are written with, where it is not tested with what it comes from."""

from __future__ import annotations

import threading

import pytest

from demijohn import Flask, Websocket, current_app, request, session, websocket
from demijohn.extend import current_application, current_request, current_session, nonblocking


def test_what_is_current_is_given_itself_not_by_proxy():
    app = Flask("extended")
    app.secret_key = "a secret for tests, long enough"
    with app.test_request_context("/here"):
        assert current_application() is app
        assert current_request() is current_request()
        assert current_request().path == request.path == "/here"
        session["a"] = 1
        assert current_session() == {"a": 1}
        assert not isinstance(current_session(), type(session))
    with app.app_context():
        assert current_application() is current_app._get_current_object()


@pytest.mark.parametrize("wanted", [current_application, current_request, current_session])
def test_outside_there_is_nothing_current(wanted):
    with pytest.raises(RuntimeError, match="Working outside of"):
        wanted()


def test_a_socket_is_the_current_request():
    app, seen = Flask("extended"), []

    @app.websocket("/")
    async def talk():
        seen.append(current_request())
        await websocket.send("done")

    with app.test_client(protocol="asgi") as client, client.websocket("/") as ws:
        assert ws.receive() == "done"
    assert isinstance(seen[0], Websocket)


@pytest.mark.parametrize("marked", [True, False])
def test_a_hook_that_never_waits_leaves_a_request_on_its_loop(marked):
    app, threads = Flask("extended"), []

    def note():
        threads.append(threading.get_ident())

    app.before_request(nonblocking(note) if marked else note)

    @app.get("/")
    async def view():
        threads.append(threading.get_ident())
        return ""

    with app.test_client(protocol="asgi") as client:
        client.get("/")
    assert (threads[0] == threads[1]) is marked
