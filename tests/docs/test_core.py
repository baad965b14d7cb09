"""The files in docs/examples/core, shown by the pages about the core, do what those pages say."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO
from time import monotonic, sleep

import pytest

from demijohn.testing import WebSocketDisconnect, WebSocketRejected

PROTOCOLS = ["wsgi", "asgi", "rsgi"]


@pytest.fixture
def client_of(load_example):
    """A function that loads an example and gives a test client for it."""

    def make(name, protocol="wsgi", **options):
        return load_example(f"core/{name}").app.test_client(protocol=protocol, **options)

    return make


def test_def_runs_in_a_thread_and_async_def_on_the_loop(client_of):
    client = client_of("side_by_side", "asgi")
    blocking, waiting = client.get("/blocking").json, client.get("/waiting").json
    assert blocking["for"] == waiting["for"] == "Ada"
    assert blocking["on"].startswith("demijohn-")
    assert not waiting["on"].startswith("demijohn-")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_both_kinds_answer_on_every_protocol(client_of, protocol):
    client = client_of("side_by_side", protocol)
    assert client.get("/blocking").json["for"] == client.get("/waiting").json["for"] == "Ada"
    assert client.get("/quick").status_code == 200


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sync_code_may_call_async_code(client_of, protocol):
    client = client_of("sync_calls_async", protocol)
    assert client.get("/sync/port").json == {"stock": 6}
    assert client.get("/async/rum").json == {"stock": 0, "port": 6}
    assert client.get("/thread/port").json == {"letters": 4}


def test_a_chat_accepts_talks_and_closes_with_its_code(client_of):
    client = client_of("chat", "asgi")
    with client.websocket("/chat/cellar", subprotocols=["chat.v1"]) as socket:
        assert socket.subprotocol == "chat.v1"
        assert "session=" in dict(socket.headers)["set-cookie"]
        socket.send_json({"text": "hello"})
        assert socket.receive_json() == {"room": "cellar", "said": "hello"}
        socket.send_json({"bye": True})
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive()
    assert (closed.value.code, closed.value.reason) == (4000, "bye")


def test_a_chat_is_refused_with_a_response(client_of):
    with pytest.raises(WebSocketRejected) as refused, client_of("chat", "asgi").websocket("/chat/cellar"):
        pass
    assert (refused.value.response.status_code, refused.value.response.text) == (400, "speak chat.v1")


def test_a_page_of_another_origin_cannot_open_a_socket(client_of):
    headers = {"Origin": "https://elsewhere.example"}
    client = client_of("rooms", "asgi")
    with pytest.raises(WebSocketRejected) as refused, client.websocket("/room", headers=headers):
        pass
    assert refused.value.response.status_code == 403


def test_a_room_passes_messages_on_and_forgets_who_left(load_example):
    room = load_example("core/rooms")
    client = room.app.test_client(protocol="asgi")
    with client.websocket("/room") as one, client.websocket("/room") as two:
        one.send("hello")
        assert one.receive() == two.receive() == "hello"
    assert not room.listeners


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shared_data_with_a_lock_counts_right(load_example, protocol):
    shared = load_example("core/shared")
    client = shared.app.test_client(protocol=protocol)
    client.get("/count/warm")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: shared.app.test_client().get("/count/port").json, range(40)))
    assert sorted(answer["visits"] for answer in answers) == list(range(1, 41))
    assert {answer["path"] for answer in answers} == {"/count/port"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_contexts_reach_threads_and_tasks_as_the_page_says(client_of, protocol):
    client = client_of("threads", protocol)
    assert client.get("/copied").json == {"seen": ["/copied"]}
    assert client.get("/application").json == {"seen": ["threads"]}
    assert client.get("/task").json == {"seen": ["/task", "/task"]}


def test_a_request_said_not_to_block_runs_on_the_loop(client_of):
    assert not client_of("side_by_side", "asgi").get("/quick").json["on"].startswith("demijohn-")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_plain_decorator_fits_both_kinds_of_view(client_of, protocol):
    client = client_of("decorators", protocol)
    for path in ("/sync", "/async"):
        assert client.get(path).status_code == 401
        assert client.get(f"{path}?key=open+sesame").status_code == 200
    if protocol == "asgi":
        assert not client.get("/async?key=open+sesame").json["on"].startswith("demijohn-")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_forms_files_and_streamed_bodies_are_read(client_of, protocol):
    client = client_of("uploads", protocol)
    sent = client.post("/labels", data={"name": "port", "picture": (BytesIO(b"1234"), "label.png")})
    assert sent.json == {"name": "port", "bottles": 1, "file": "label.png", "bytes": 4}
    assert client.post("/labels", data={}).status_code == 400
    assert "KeyError: &#39;name&#39;" in client.post("/labels", data={}).text
    body = b"x" * 200_000
    assert client.put("/videos/a", data=body).json == {"name": "a", "sha256": sha256(body).hexdigest()}
    assert client.put("/notes/a", data=b"one\ntwo\n").json == {"name": "a", "lines": 2}
    refused = client.put("/notes/a", data=body)
    assert (refused.status_code, "65536 bytes allowed here (MAX_CONTENT_LENGTH)" in refused.text) == (
        413,
        True,
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_responses_are_what_the_page_says(client_of, protocol):
    client = client_of("answers", protocol)
    assert client.get("/text").headers["X-Rack"] == "7"
    assert client.post("/bottles").headers["Location"] == "/bottles/3"
    moved = client.get("/old")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/text")
    assert client.post("/login", data={"next": "/bottles/1"}).headers["Location"] == "/bottles/1"
    assert client.post("/login", data={"next": "//elsewhere.example"}).headers["Location"] == "/text"
    first = client.get("/cached")
    again = client.get("/cached", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_error_is_a_problem_for_who_asks_for_json(client_of):
    client = client_of("answers")
    assert client.get("/bottles/101").content_type == "text/html; charset=utf-8"
    asked = client.get("/bottles/101", headers={"Accept": "application/json"})
    assert asked.content_type == "application/problem+json"
    assert asked.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There are a hundred bottles.",
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_streams_of_every_kind_arrive(client_of, protocol):
    client = client_of("streams", protocol)
    assert client.get("/numbers.csv").text == client.get("/later.csv").text == "0,0\n1,1\n2,4\n"
    assert client.get("/page").text == "<li>0<li>1<li>2"
    assert client.get("/held").text == "/held/held"


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_an_event_stream_goes_on_where_it_was_and_ends_with_its_client(load_example, protocol):
    app = load_example("core/streams").app
    response = app.test_client(protocol=protocol).get("/clock", headers={"Last-Event-ID": "7"})
    assert next(iter(response.response)) == b"event: tick\nid: 8\ndata: 8\n\n"
    response.close()
    assert app.extensions["closed"] == ["clock"]


def test_what_is_set_up_before_serving_is_taken_down_after(load_example):
    app = load_example("core/serving").app
    with app.test_client(protocol="asgi", lifespan=True) as client:
        assert client.get("/alive").text == "alive"
        assert client.get("/ready").text == "ready"
        assert app.extensions["log"] == ["serving serves"]
    assert app.extensions["log"] == ["serving serves", "no more requests", "store closed"]
    assert app.lifecycle.stopping


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_letters_are_sent_after_the_response(load_example, protocol):
    app = load_example("core/letters").app
    client = app.test_client(protocol=protocol)
    assert client.post("/join", data={"address": "ada"}).status_code == 202
    assert client.post("/join-later", data={"address": "bob"}).status_code == 202
    end = monotonic() + 5
    while len(app.extensions["sent"]) < 2 and monotonic() < end:
        sleep(0.005)
    assert sorted(app.extensions["sent"]) == ["ada", "bob"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_errors_find_their_handlers(client_of, protocol):
    client = client_of("failures", protocol)
    assert (client.get("/bottles/rum").status_code, client.get("/bottles/rum").json["error"]) == (
        409,
        "no rum left",
    )
    assert client.get("/bottles/nectar").text == "<h1>Not here</h1><p>Nobody makes nectar."
    assert (client.get("/boom").status_code, client.get("/boom").text) == (500, "broken: ZeroDivisionError")
    assert client.get("/api/closed").json == {"error": "Forbidden"}
    assert client.get("/api/nowhere").text.startswith("<h1>Not here")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_connection_lives_as_long_as_its_context(load_example, protocol):
    example = load_example("core/connection")
    assert example.app.test_client(protocol=protocol).get("/").json == {"answer": 42}
    assert example.from_a_script() == 42
    assert example.app.test_cli_runner().invoke(args=["answer"]).output == "42\n"


def test_blueprints_nest_and_are_registered_twice(client_of):
    client = client_of("racks")
    assert client.get("/racks/").json == {"first": "/racks/1/bottles/", "trail": ["racks"]}
    assert client.get("/cellar/").json["first"] == "/cellar/1/bottles/"
    assert client.get("/racks/2/bottles/").json["trail"] == ["racks", "bottles"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pages_are_escaped_and_letters_are_not(client_of, protocol):
    client = client_of("rendering", protocol)
    page = client.get("/rack/A&B").text
    assert "<h1>A&amp;B of Cellar &amp; Sons</h1>" in page
    assert "<li>&lt;RUM&gt;!</li>" in page
    assert re.search(r'href="/static/style\.[0-9a-f]{12}\.css"', page)
    assert client.get("/letter/A&B").text == "Dear A&B, the Cellar & Sons thanks you."
    assert client.get("/line/<b>").text == "Hello &lt;b&gt;"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_static_files_are_served_and_asked_for_again(client_of, protocol):
    client = client_of("rendering", protocol)
    first = client.get("/static/style.css", buffered=True)
    assert (first.mimetype, first.headers["Cache-Control"]) == ("text/css", "no-cache")
    again = client.get("/static/style.css", buffered=True, headers={"If-None-Match": first.headers["ETag"]})
    part = client.get("/static/style.css", buffered=True, headers={"Range": "bytes=0-0"})
    assert (again.status_code, part.status_code, part.data) == (304, 206, b"p")
    assert client.get("/static/../rendering.py").status_code == 404


def test_a_factory_takes_settings_from_three_places(load_example, monkeypatch):
    monkeypatch.setenv("CELLAR_GREETING", "Cheers")
    create_app = load_example("core/factory").create_app
    assert create_app().test_client().get("/").json == {"greeting": "Cheers"}
    assert create_app({"GREETING": "Hi"}).test_client().get("/").json == {"greeting": "Hi"}
