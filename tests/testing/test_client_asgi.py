"""The plain client over ASGI: scopes, bodies, streams, failures, lifespan."""

from __future__ import annotations

import asyncio
import io
import threading

import pytest
from tests.testing.tiny import Tiny, answer, forever, read_body, tell

from demijohn.testing import FlaskClient, NoResponse


def client_of(app, **options):
    return FlaskClient(Tiny(app), protocol="asgi", **options)


def test_the_scope_holds_the_request():
    told = client_of(tell).get("/a%2Fb/\u00e9?x=%20y", base_url="https://own.example:8443/root").json
    assert told["path"] == "/root/a/b/\u00e9"
    assert told["raw_path"] == "/root/a%2Fb/%C3%A9"
    assert told["root_path"] == "/root"
    assert told["query_string"] == "x=%20y"
    assert told["scheme"] == "https"
    assert told["client"] == ["127.0.0.1", 50_000]
    assert ["host", "own.example:8443"] in told["headers"]


def test_repeated_headers_stay_apart():
    told = client_of(tell).get("/", headers=[("X-A", "1"), ("X-A", "2")]).json
    assert [value for name, value in told["headers"] if name == "x-a"] == ["1", "2"]


def test_a_body_is_sent_in_pieces_and_whole():
    told = client_of(tell).post("/", data=b"x" * 200_000).json
    assert len(told["body"]) == 200_000


def test_a_body_without_a_length_goes_out_chunked():
    told = (
        client_of(tell)
        .post("/", input_stream=io.BytesIO(b"abc"), headers={"Transfer-Encoding": "chunked"})
        .json
    )
    assert told["body"] == "abc"
    assert ["transfer-encoding", "chunked"] in told["headers"]
    assert not any(name == "content-length" for name, _ in told["headers"])


def test_a_body_shorter_than_its_length_is_a_disconnect():
    with pytest.raises(EOFError):
        client_of(tell).post("/", data=b"abc", environ_overrides={"CONTENT_LENGTH": "10"})


def test_environ_keys_of_the_tests_own_travel_beside_the_scope():
    assert client_of(tell).get("/", environ_base={"MY_KEY": 1}).json["extra"] == ["MY_KEY"]


def test_cookies_are_kept_and_sent():
    async def app(scope, receive, send):
        if scope["path"] == "/set":
            await answer(send, headers=[(b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2; Path=/")])
        else:
            await answer(send, dict(scope["headers"]).get(b"cookie", b""))

    client = client_of(app)
    client.get("/set")
    assert client.get("/").data == b"a=1; b=2"


def test_what_the_application_raises_is_raised():
    async def app(scope, receive, send):
        raise KeyError("from the application")

    with pytest.raises(KeyError, match="from the application"):
        client_of(app).get("/")


def test_an_application_that_answers_nothing_is_told_so():
    async def app(scope, receive, send):
        await read_body(receive)

    with pytest.raises(NoResponse):
        client_of(app).get("/")


def test_an_application_that_ends_in_mid_body_is_told_so():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})

    with pytest.raises(NoResponse):
        assert client_of(app).get("/").data


def test_a_stream_is_readable_before_its_end_and_closing_disconnects():
    response = client_of(forever).get("/")
    pieces = iter(response.response)
    assert [next(pieces) for _ in range(3)] == [b"0 ", b"1 ", b"2 "]
    response.close()
    assert forever.sent < 10


def test_an_exception_in_mid_stream_is_raised_where_the_body_is_read():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise KeyError("in mid-stream")

    response = client_of(app).get("/")
    with pytest.raises(KeyError, match="in mid-stream"):
        assert response.data


@pytest.mark.parametrize(
    ("start", "error"),
    [
        ({"status": 99}, ValueError),
        ({"status": 200, "headers": [(b"bad name", b"x")]}, ValueError),
        ({"status": 200, "headers": [(b"x", b"a\r\nb: c")]}, ValueError),
        ({"status": 200, "headers": [("x", "text")]}, TypeError),
    ],
)
def test_an_answer_no_server_could_send_raises_in_the_application(start, error):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", **start})

    with pytest.raises(error):
        client_of(app).get("/")


def test_redirects_are_followed():
    async def app(scope, receive, send):
        if scope["path"] == "/old":
            await answer(send, status=302, headers=[(b"location", b"/new")])
        else:
            await answer(send, scope["path"].encode())

    response = client_of(app).get("/old", follow_redirects=True)
    assert response.data == b"/new"
    assert [step.status_code for step in response.history] == [302]


def test_one_loop_serves_all_requests_of_a_client():
    loops = []

    async def app(scope, receive, send):
        loops.append(asyncio.get_running_loop())
        await answer(send)

    client = client_of(app)
    client.get("/")
    client.get("/")
    assert loops[0] is loops[1]


def test_close_ends_the_thread_and_a_later_request_starts_anew():
    client = client_of(tell)
    before = set(threading.enumerate())
    assert client.get("/").status_code == 200
    assert not set(threading.enumerate()) <= before
    client.close()
    assert set(threading.enumerate()) <= before
    assert client.get("/").status_code == 200
    client.close()


def test_the_tests_own_context_variables_are_not_seen_by_a_request():
    import contextvars

    mine = contextvars.ContextVar("mine", default="unset")

    async def app(scope, receive, send):
        await answer(send, mine.get().encode())

    mine.set("set by the test")
    assert client_of(app).get("/").data == b"unset"


def test_an_application_that_hangs_is_a_timeout():
    async def app(scope, receive, send):
        await asyncio.Event().wait()

    client = client_of(app)
    client.timeout = 0.1
    with pytest.raises(TimeoutError, match=r"0\.1 seconds"):
        client.get("/")
    client.close()


def lifespan_app(log):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            await answer(send, scope["state"].get("made", "").encode())
            return
        while True:
            message = await receive()
            log.append(message["type"])
            scope["state"]["made"] = "at start-up"
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return app


def test_lifespan_runs_around_the_block_and_shares_its_state():
    log = []
    with client_of(lifespan_app(log), lifespan=True) as client:
        assert log == ["lifespan.startup"]
        assert client.get("/").data == b"at start-up"
    assert log == ["lifespan.startup", "lifespan.shutdown"]


def test_lifespan_is_left_alone_unless_asked_for():
    log = []
    with client_of(lifespan_app(log)) as client:
        client.get("/")
    assert log == []


def test_a_start_up_that_fails_raises_its_reason():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="no database"), client_of(app, lifespan=True):
        pass


def test_an_unknown_protocol_is_refused_by_name():
    with pytest.raises(ValueError, match="'http3'"):
        FlaskClient(Tiny(tell), protocol="http3")


def test_an_application_without_rsgi_is_refused():
    with pytest.raises(ValueError, match="__rsgi__"):
        FlaskClient(Tiny(tell), protocol="rsgi")
