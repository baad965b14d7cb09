"""Signals are sent, once each and in their place, and receivers of both kinds hear them on every protocol."""

from __future__ import annotations

import asyncio
import time

import pytest

from demijohn import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    before_render_template,
    flash,
    got_request_exception,
    message_flashed,
    render_template_string,
    request_finished,
    request_started,
    request_tearing_down,
    template_rendered,
    websocket,
)
from demijohn.signals import (
    got_background_exception,
    got_serving_exception,
    got_websocket_exception,
    websocket_finished,
    websocket_received,
    websocket_sent,
    websocket_started,
    websocket_tearing_down,
)

OF_A_REQUEST = {
    "appcontext_pushed": appcontext_pushed,
    "request_started": request_started,
    "message_flashed": message_flashed,
    "before_render_template": before_render_template,
    "template_rendered": template_rendered,
    "request_finished": request_finished,
    "request_tearing_down": request_tearing_down,
    "appcontext_tearing_down": appcontext_tearing_down,
    "appcontext_popped": appcontext_popped,
}


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def hear(app):
    """Connect receivers, sync or async, to signals; they note name and values in the list returned."""
    connected = []

    def connect(signals, is_async=False):
        heard = []

        def receiver(name):
            def plain(sender, **values):
                assert sender is app
                heard.append((name, values))

            async def later(sender, **values):
                await asyncio.sleep(0)
                plain(sender, **values)

            return later if is_async else plain

        for name, signal in signals.items():
            function = receiver(name)
            signal.connect(function, app)
            connected.append((signal, function))
        return heard

    yield connect
    for signal, function in connected:
        signal.disconnect(function, app)


@pytest.mark.parametrize("view", ["def", "async def"])
@pytest.mark.parametrize("receiver", ["def", "async def"])
def test_a_request_sends_its_signals(app, client, hear, view, receiver):
    heard = hear(OF_A_REQUEST, is_async=receiver == "async def")

    def index():
        flash("hello")
        return render_template_string("{{ 1 }}")

    async def later():
        return index()

    app.add_url_rule("/", "index", later if view == "async def" else index)
    assert client.get("/").text == "1"
    # On a loop, async receivers of what sync code sends run as tasks: all are heard, a little later.
    assert until(lambda: len(heard) == len(OF_A_REQUEST))
    assert sorted(name for name, _ in heard) == sorted(OF_A_REQUEST)
    if receiver == "def":
        assert [name for name, _ in heard] == list(OF_A_REQUEST)
    values = dict(heard)
    assert values["message_flashed"] == {"message": "hello", "category": "message"}
    assert values["request_finished"]["response"].status_code == 200


@pytest.mark.parametrize("receiver", ["def", "async def"])
def test_an_unhandled_error_is_signalled_before_it_is_answered(app, client, hear, receiver):
    heard = hear(
        {"error": got_request_exception, "finished": request_finished}, is_async=receiver == "async def"
    )
    error = ValueError()

    @app.route("/")
    async def index():
        raise error

    assert client.get("/").status_code == 500
    assert [name for name, _ in heard] == ["error", "finished"]
    assert heard[0][1] == {"exception": error}


@pytest.mark.parametrize("receiver", ["def", "async def"])
def test_a_websocket_sends_its_signals(app, reach, hear, receiver, protocol):
    if protocol != "asgi":
        return
    signals = {
        "started": websocket_started,
        "received": websocket_received,
        "sent": websocket_sent,
        "finished": websocket_finished,
        "tearing down": websocket_tearing_down,
    }
    heard = hear(signals, is_async=receiver == "async def")

    @app.websocket("/ws")
    async def ws():
        await websocket.send(f"you said {await websocket.receive()}")

    with reach(app).websocket("/ws") as socket:
        socket.send("hello")
        assert socket.receive() == "you said hello"
    assert until(lambda: len(heard) == len(signals))
    assert heard == [
        ("started", {}),
        ("received", {"data": "hello"}),
        ("sent", {"data": "you said hello"}),
        ("finished", {"response": None}),
        ("tearing down", {"exc": None}),
    ]


def test_an_unhandled_error_of_a_websocket_is_signalled(app, reach, hear, protocol):
    if protocol != "asgi":
        return
    heard = hear({"error": got_websocket_exception, "tearing down": websocket_tearing_down})
    error = ValueError()

    @app.websocket("/ws")
    async def ws():
        await websocket.accept()
        raise error

    with reach(app).websocket("/ws"):
        assert until(lambda: len(heard) == 2)
    assert heard == [("error", {"exception": error}), ("tearing down", {"exc": error})]


@pytest.mark.parametrize("receiver", ["def", "async def"])
def test_an_error_of_a_background_task_is_signalled(app, client, hear, receiver):
    heard = hear({"error": got_background_exception}, is_async=receiver == "async def")
    error = ValueError()

    def fail():
        raise error

    app.add_url_rule("/", "index", lambda: app.add_background_task(fail) or "answer")
    client.get("/")
    assert until(lambda: heard)
    assert heard == [("error", {"exception": error})]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_error_of_starting_and_stopping_is_signalled(app, reach, hear, when):
    heard = hear({"error": got_serving_exception})
    error = OSError("on purpose")

    def fail():
        raise error

    (app.before_serving if when == "before" else app.after_serving)(fail)
    with pytest.raises(Exception, match="on purpose"), reach(app, lifespan=True):
        pass
    assert heard[0] == ("error", {"exception": error})
