"""Routes whose body is generated while it is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from demijohn import Flask, Response, request, stream_with_context

from . import journal

PIECE = b"x" * 1000

#: Seconds for a server to send what it was given: broken before that, some close without an answer.
_ON_ITS_WAY = 0.1


def register(app: Flask) -> None:
    @app.route("/s/count")
    def count_sync() -> Iterator[str]:
        for number in range(5):
            yield f"{number}\n"

    @app.route("/a/count")
    async def count_async() -> Any:
        async def numbers() -> AsyncIterator[str]:
            for number in range(5):
                await asyncio.sleep(0)
                yield f"{number}\n"

        return Response(numbers())

    @app.route("/a/count-sync")
    async def count_sync_in_async() -> Any:
        return Response(f"{number}\n" for number in range(5))

    @app.route("/s/count-async")
    def count_async_in_sync() -> Any:
        async def numbers() -> AsyncIterator[str]:
            for number in range(5):
                yield f"{number}\n"

        return Response(numbers())

    @app.route("/s/forever")
    def forever_sync() -> Any:
        key = request.args["key"]

        def pieces() -> Iterator[bytes]:
            try:
                while True:
                    yield PIECE
                    time.sleep(0.01)
            finally:
                journal.note(key, "closed")

        return Response(pieces())

    @app.route("/a/forever")
    async def forever_async() -> Any:
        key = request.args["key"]

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield PIECE
                    await asyncio.sleep(0.01)
            finally:
                journal.note(key, "closed")

        return Response(pieces())

    @app.route("/a/waiting")
    async def waiting() -> Any:
        """Send one piece, then wait for something that never comes."""
        key = request.args["key"]

        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.sleep(3600)
            finally:
                journal.note(key, "closed")

        return Response(pieces())

    @app.route("/a/firehose")
    async def firehose() -> Any:
        """Produce without ever waiting: only back-pressure or a disconnect can slow it down."""
        key = request.args["key"]

        async def pieces() -> AsyncIterator[bytes]:
            sent = 0
            try:
                while sent < 400_000_000:
                    sent += 65_536
                    yield b"x" * 65_536
            finally:
                journal.note(key, f"closed after {sent}")

        return Response(pieces())

    @app.route("/s/breaks")
    def breaks_sync() -> Any:
        def pieces() -> Iterator[bytes]:
            yield b"first"
            time.sleep(_ON_ITS_WAY)
            raise RuntimeError("broken in mid-stream")

        return Response(pieces())

    @app.route("/a/breaks")
    async def breaks_async() -> Any:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(_ON_ITS_WAY)
            raise RuntimeError("broken in mid-stream")

        return Response(pieces())

    @app.route("/s/context-stream")
    def context_sync() -> Any:
        def pieces() -> Iterator[str]:
            yield request.args["word"]
            yield request.path

        return Response(stream_with_context(pieces()))

    @app.route("/a/context-stream")
    async def context_async() -> Any:
        async def pieces() -> AsyncIterator[str]:
            yield request.args["word"]
            await asyncio.sleep(0)
            yield request.path

        return Response(stream_with_context(pieces()))

    @app.route("/s/events")
    def events_sync() -> Any:
        def messages() -> Iterator[str]:
            for number in range(3):
                yield f"id: {number}\ndata: tick\n\n"

        return Response(messages(), mimetype="text/event-stream")

    @app.route("/a/events")
    async def events_async() -> Any:
        async def messages() -> AsyncIterator[str]:
            for number in range(3):
                yield f"id: {number}\ndata: tick\n\n"
                await asyncio.sleep(0.01)

        return Response(messages(), mimetype="text/event-stream")
