"""A body read while it arrives: what is here is handed on without copies, and without waiting for the loop."""

from __future__ import annotations

import asyncio
import io

import pytest

from demijohn import request
from demijohn.wrappers.body import BoundedBody

SCOPE = {
    "type": "http", "method": "POST", "path": "/", "query_string": b"", "scheme": "http",
    "headers": [(b"host", b"own.example"), (b"content-length", b"3000")],
}  # fmt: skip
CHUNKS = [bytes([65 + n]) * 1000 for n in range(3)]


def served(app):
    """What the view answers to a body of three chunks, and how many tasks that took on the loop."""
    made = []

    def factory(loop, coroutine, **options):
        made.append(coroutine)
        return asyncio.Task(coroutine, loop=loop, **options)

    async def main():
        chunks, sent = iter(CHUNKS), []

        async def receive():
            chunk = next(chunks)
            return {"type": "http.request", "body": chunk, "more_body": chunk is not CHUNKS[-1]}

        async def send(message):
            sent.append(message)

        asyncio.get_running_loop().set_task_factory(factory)
        await app(SCOPE, receive, send)
        return sent[1]["body"], len(made)

    return asyncio.run(main())


@pytest.fixture
def stream_of(app):
    def register(view):
        app.add_url_rule("/", "index", view, methods=["POST"], stream=True)
        return app

    return register


def test_a_sync_view_waits_once_for_each_chunk_that_arrives(stream_of):
    def view():
        pieces = []
        while piece := request.stream.read(7):
            pieces.append(piece)
        return b"".join(pieces)

    body, tasks = served(stream_of(view))
    assert body == b"".join(CHUNKS)
    assert tasks == len(CHUNKS) + 1  # and once for the end


def test_every_way_of_reading_goes_on_where_the_last_one_ended(stream_of):
    def view():
        stream = request.stream
        buffer = bytearray(600)
        read = [stream.read(0), stream.read(10), buffer[: stream.readinto(buffer)], stream.readline(3)]
        return b"".join([*read, stream.read(5000), stream.read(400), stream.read()])

    assert served(stream_of(view))[0] == b"".join(CHUNKS)


def test_an_async_view_may_read_by_size_and_then_in_chunks(stream_of):
    async def view():
        start = [await request.stream.aread(n) for n in (0, 1, 700)]
        return b"".join(start + [chunk async for chunk in request.stream])

    assert served(stream_of(view))[0] == b"".join(CHUNKS)


def test_what_a_server_read_is_handed_on_as_it_is():
    class Server(io.RawIOBase):
        def read(self, size=-1):
            return CHUNKS[0]

    body = BoundedBody(Server(), None, 1000)
    assert body.read(1000) is CHUNKS[0]
    assert body.read(1000) == b""


def test_lines_are_read_of_whatever_bytes_a_server_sends(stream_of, monkeypatch):
    monkeypatch.setitem(
        globals(), "CHUNKS", [bytearray(b"one\ntw"), bytearray(b"o\n"), bytearray(b"x" * 2990)]
    )

    def view():
        return request.stream.readline() + request.stream.readline()

    assert served(stream_of(view))[0] == b"one\ntwo\n"
