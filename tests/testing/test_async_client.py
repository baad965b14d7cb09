"""The client for tests that are coroutines."""

from __future__ import annotations

import asyncio

import pytest
from tests.testing.test_client_asgi import lifespan_app
from tests.testing.tiny import Tiny, answer, forever, tell, tell_rsgi

from demijohn.testing import AsyncFlaskClient


def client_of(app, **options):
    return AsyncFlaskClient(Tiny(app, tell_rsgi), **options)


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_a_request_is_awaited(protocol):
    told = asyncio.run(client_of(tell, protocol=protocol).post("/path?x=1", data=b"body")).json
    assert (told["method"], told["path"], told["body"]) == ("POST", "/path", "body")


def test_the_application_runs_on_the_tests_own_loop():
    async def talk():
        signal = asyncio.Event()

        async def app(scope, receive, send):
            signal.set()
            await answer(send)

        await client_of(app).get("/")
        return signal.is_set()

    assert asyncio.run(talk())


def test_redirects_are_followed_with_cookies():
    async def app(scope, receive, send):
        if scope["path"] == "/old":
            await answer(send, status=302, headers=[(b"location", b"/new"), (b"set-cookie", b"a=1; Path=/")])
        else:
            await answer(send, dict(scope["headers"]).get(b"cookie", b""))

    response = asyncio.run(client_of(app).get("/old", follow_redirects=True))
    assert response.data == b"a=1"
    assert len(response.history) == 1


def test_a_stream_is_read_piece_by_piece_and_leaving_disconnects():
    async def talk():
        pieces = []
        async with client_of(forever).stream("/") as response:
            async for piece in response:
                pieces.append(piece)
                if len(pieces) == 3:
                    break
        return pieces

    assert asyncio.run(talk()) == [b"0 ", b"1 ", b"2 "]


def test_lifespan_runs_around_the_block():
    async def talk(log):
        async with client_of(lifespan_app(log), lifespan=True) as client:
            return (await client.get("/")).data

    log = []
    assert asyncio.run(talk(log)) == b"at start-up"
    assert log == ["lifespan.startup", "lifespan.shutdown"]


@pytest.mark.parametrize("verb", ["get", "post", "put", "delete", "patch", "options", "trace"])
def test_every_verb_sends_its_method(verb):
    response = asyncio.run(getattr(client_of(tell), verb)("/"))
    assert response.json["method"] == verb.upper()


def test_rsgi_lifespan_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="FlaskClient"):
        client_of(tell, protocol="rsgi", lifespan=True)
