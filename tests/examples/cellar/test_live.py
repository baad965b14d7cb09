"""The live journal: what one does, all others hear; and what a page may say to the server."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from cellar.web.hub import QUEUE_SIZE, Hub

from .conftest import BOTTLE, CLEO, POSTGRESQL, Visitor


@pytest.fixture(params=["sqlite", POSTGRESQL])
def kind(request):
    return request.param


@pytest.fixture(params=["asgi"])  # sockets are spoken over ASGI
def client(app, request):
    client = app.test_client(protocol=request.param, lifespan=True)
    yield client
    client.close()


@pytest.fixture
def socket(client):
    """A page's open socket, past its greeting."""
    with client.websocket("/live/socket") as opened:
        assert opened.receive_json() == {"type": "watching", "count": 1}
        yield opened


def hear(socket, kind):
    """The next message of this kind."""
    for _ in range(50):
        message = socket.receive_json(timeout=60)
        if message["type"] == kind:
            return message
    raise AssertionError(f"no {kind} came")


def ask(socket, message):
    """Send anything; returns the answer."""
    socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))
    return socket.receive_json(timeout=60)


def test_adding_and_opening_are_heard_with_stock_and_places(cleo, socket):
    number = int(cleo.post("/bottles/new", BOTTLE).headers["Location"].rsplit("/", 1)[1])
    told = hear(socket, "activity")
    assert (told["activity"]["who"], told["activity"]["verb"]) == ("Cleo", "added")
    assert told["activity"]["url"] == f"/bottles/{number}"
    assert told["stock"] == {"bottle": number, "count": 2}
    before = told["totals"]["bottles"]
    assert [slot["bottle"]["colour"] for slot in told["slots"]] == ["white", "white"]

    cleo.post(f"/bottles/{number}/open")
    told = hear(socket, "activity")
    assert told["stock"] == {"bottle": number, "count": 1}
    assert [slot["bottle"] for slot in told["slots"]] == [None]
    assert told["totals"]["bottles"] == before - 1


def test_a_refused_form_is_not_heard(cleo, socket):
    cleo.post("/bottles/new", {**BOTTLE, "count": "48"})
    cleo.post("/racks/new", {"name": "Attic", "shelves": "1", "places": "1"})
    assert hear(socket, "activity")["activity"]["subject"] == "Attic"


def test_a_page_that_comes_back_hears_what_it_missed(cleo, socket):
    before = ask(socket, {"type": "since", "activity": 10**6})
    assert before["type"] == "standing"
    cleo.post("/bottles/1/open")
    last = hear(socket, "activity")["activity"]["id"]
    cleo.post("/bottles/1/open")
    hear(socket, "activity")
    assert ask(socket, {"type": "since", "activity": last})["activity"]["id"] == last + 1
    assert hear(socket, "standing")["totals"]["bottles"] > 100


def test_a_glass_is_raised_once_a_person_and_heard_by_all(cleo, client):
    cleo.post("/bottles/1/open")
    with client.websocket("/live/socket") as socket, client.websocket("/live/socket") as other:
        entry = ask_for_last(socket)
        for _ in range(2):
            socket.send(json.dumps({"type": "cheer", "activity": entry}))
            assert hear(other, "cheer") == {"type": "cheer", "activity": entry, "count": 1}


def ask_for_last(socket):
    socket.send(json.dumps({"type": "since", "activity": 0}))
    entries = []
    while (message := socket.receive_json(timeout=60))["type"] != "standing":
        entries += [message["activity"]["id"]] if message["type"] == "activity" else []
    return entries[-1]


def test_strangers_may_watch_but_raise_no_glass(socket):
    assert ask(socket, {"type": "cheer", "activity": 1}) == {
        "type": "trouble",
        "text": "Sign in to raise a glass.",
    }


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", "1", "null", b"\xff\xfe", "{}", '{"type": "cheer"}', '{"type": "since", "activity": "1"}',
     '{"type": "since", "activity": -1}', '{"type": "since", "activity": 1e400}', '{"type": "x", "activity": 1}',
     '{"type": "cheer", "activity": ' + "9" * 5000 + "}", "[" * 100_000],
)  # fmt: skip
def test_nonsense_is_answered_and_the_connection_lives(socket, message):
    assert ask(socket, message)["type"] == "trouble"
    assert ask(socket, {"type": "since", "activity": 10**6})["type"] == "standing"


def test_a_glass_to_nothing_is_trouble(cleo, socket):
    assert (
        ask(socket, {"type": "cheer", "activity": 10**6})["text"] == "There is no such entry in the journal."
    )


def test_pages_are_counted_as_they_come_and_go(client, socket):
    with client.websocket("/live/socket"):
        assert hear(socket, "watching")["count"] == 2
    assert hear(socket, "watching")["count"] == 1


def test_case_62_another_sites_page_gets_no_socket(client):
    from demijohn.testing import WebSocketRejected

    with (
        pytest.raises(WebSocketRejected),
        client.websocket("/live/socket", headers={"Origin": "https://evil.example"}) as socket,
    ):
        socket.receive()


def test_a_silent_page_holds_no_connection(make_app):
    """There is one connection for three open pages, which have all asked for something, and a visitor."""
    app = make_app(SQLALCHEMY_POOL_SIZE=1, SQLALCHEMY_MAX_OVERFLOW=0, SQLALCHEMY_POOL_TIMEOUT=20)
    with app.test_client(protocol="asgi", lifespan=True) as client:
        with client.session_transaction() as session:
            session["_user_id"] = str(CLEO)
        with (
            client.websocket("/live/socket") as one,
            client.websocket("/live/socket") as two,
            client.websocket("/live/socket") as three,
        ):
            for socket in (one, two, three):
                socket.send(json.dumps({"type": "cheer", "activity": 1}))
                hear(socket, "cheer")
            for path in ("/", "/bottles/1", "/live/"):
                assert client.get(path).status_code == 200


def test_a_screen_that_only_listens_gets_the_news_as_events(app, cleo):
    with app.test_client(protocol="asgi") as client:
        answer = client.get("/live/events")
        assert answer.mimetype == "text/event-stream"
        parts = iter(answer.response)
        assert next(parts) == b"retry: 3000\n\n"
        cleo.post("/bottles/1/open")
        assert b'"type": "activity"' in next(parts)
        answer.close()


# The hub alone


def test_case_65_a_page_that_does_not_read_is_let_go_and_holds_up_nobody():
    async def scenario():
        hub = Hub()
        with hub.listen() as slow, hub.listen() as quick:
            heard = []
            for number in range(QUEUE_SIZE * 3):
                hub.publish({"number": number})
                await asyncio.sleep(0)
                while (message := await quick.next()) and "number" not in message:
                    pass
                heard.append(json.loads(message)["number"])
            assert heard == list(range(QUEUE_SIZE * 3))
            waited = 0
            while await asyncio.wait_for(slow.next(), 30) is not None:
                waited += 1
            return waited

    assert asyncio.run(scenario()) == QUEUE_SIZE


def test_messages_come_from_any_thread():
    async def scenario():
        hub = Hub()
        with hub.listen() as listener:
            await listener.next()  # how many are watching
            threads = [threading.Thread(target=hub.publish, args=({"from": n},)) for n in range(8)]
            for thread in threads:
                thread.start()
            heard = [json.loads(await asyncio.wait_for(listener.next(), 30))["from"] for _ in threads]
            for thread in threads:
                thread.join()
            return sorted(heard)

    assert asyncio.run(scenario()) == list(range(8))


def test_when_the_server_stops_every_page_is_let_go():
    async def scenario():
        hub = Hub()
        with hub.listen() as listener:
            await listener.next()
            hub.close()
            return await asyncio.wait_for(listener.next(), 30)

    assert asyncio.run(scenario()) is None


def test_a_listener_whose_loop_is_gone_harms_nobody():
    hub = Hub()

    async def forget():
        hub.listen().__enter__()

    asyncio.run(forget())
    hub.publish({"type": "anything"})


def test_the_journal_page_shows_what_the_socket_says(app, cleo):
    cleo.post("/bottles/1/open")
    page = Visitor(app.test_client()).get("/live/").text
    assert "Cleo" in page
    assert 'data-socket="' in page
