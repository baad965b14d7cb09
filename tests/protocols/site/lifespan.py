"""Start-up and shutdown hooks that write what they did to a file, if one is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from demijohn import Flask


def register(app: Flask, log: str | None) -> None:
    started: list[str] = []

    def write(line: str) -> None:
        started.append(line)
        if log:
            with Path(log).open("a") as file:
                file.write(line + "\n")

    @app.before_serving
    def before() -> None:
        write("before")

    @app.before_serving
    async def before_async() -> None:
        await asyncio.sleep(0)
        write("before async")

    @app.while_serving
    async def around() -> AsyncIterator[None]:
        write("while begins")
        yield
        write("while ends")

    @app.after_serving
    async def after() -> None:
        write("after")

    @app.get("/s/started")
    def started_steps() -> list[str]:
        return started
