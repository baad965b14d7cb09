"""Threads that wait for async code: never in circles, on whichever loop they find themselves."""

from __future__ import annotations

import asyncio

import pytest

from demijohn import request
from demijohn.steps import wait


@pytest.mark.timeout(20)
def test_sync_code_called_by_an_async_view_may_call_async_code_again(app, client):
    """It blocks the loop meanwhile, as blocking code does, and comes to an end."""

    async def inner():
        await asyncio.sleep(0)
        return f"inner {request.path}"

    @app.route("/")
    async def index():
        return wait(inner())

    assert client.get("/").text == "inner /"


@pytest.mark.timeout(20)
def test_waiting_in_circles_is_an_error_that_says_what_to_do(app, client):
    app.testing = True

    async def nested(depth):
        return wait(nested(depth - 1)) if depth else "never"

    @app.route("/")
    async def index():
        return await nested(9)

    with pytest.raises(RuntimeError, match="Await it instead"):
        client.get("/")
