"""The server's side of ASGI's lifespan protocol."""

from __future__ import annotations

import asyncio

import pytest

from demijohn.setup.lifespan import Lifespan, StartupFailed


def run(app):
    """Start up and shut down; what shut-down said, and the state the application left."""

    async def both():
        lifespan = Lifespan(app)
        await lifespan.startup()
        return await lifespan.shutdown(), lifespan.state

    return asyncio.run(both())


def test_both_events_are_sent_and_the_state_is_kept():
    events = []

    async def app(scope, receive, send):
        scope["state"]["pool"] = 1
        for _ in range(2):
            events.append(kind := (await receive())["type"])
            await send({"type": f"{kind}.complete"})

    assert run(app) == (None, {"pool": 1})
    assert events == ["lifespan.startup", "lifespan.shutdown"]


def test_a_failure_that_is_reported_is_raised_with_its_message():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(StartupFailed, match="no database"):
        run(app)


def test_an_exception_during_start_up_is_a_failure_and_not_a_missing_protocol():
    """Granian 2.8.7 goes on without lifespan support."""

    async def app(scope, receive, send):
        await receive()
        raise RuntimeError("no database")

    with pytest.raises(StartupFailed, match="RuntimeError: no database") as caught:
        run(app)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_an_application_that_ends_at_once_does_not_support_the_protocol_and_is_served():
    async def app(scope, receive, send): ...

    assert run(app) == (None, {})


def test_a_failing_shut_down_says_why():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "not closed"})

    assert run(app)[0] == "not closed"
