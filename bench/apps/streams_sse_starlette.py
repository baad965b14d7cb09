"""Starlette with sse-starlette's response, which has pings and ends at SIGTERM."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.apps.streams_starlette import ROUTES, messages


async def given() -> AsyncIterator[dict[str, str]]:
    async for message in messages():
        yield {"data": message}


async def events(request: Request) -> Response:
    return EventSourceResponse(given(), ping=15)


app = Starlette(routes=[*ROUTES, Route("/events", events)])
