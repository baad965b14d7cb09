"""The ASGI lifespan: the server says when serving begins and ends."""

from __future__ import annotations

from demijohn.adapters.ports import Application
from demijohn.typing import Receive, Send


async def serve_lifespan(app: Application, receive: Receive, send: Send) -> None:
    """Answer the startup and shutdown messages of an ASGI server."""
    while True:
        message = await receive()
        phase = message["type"].removeprefix("lifespan.")
        try:
            await (app.lifecycle.startup() if phase == "startup" else app.lifecycle.shutdown())
        except Exception as e:
            app.logger.exception("The %s of the application failed", phase)
            await send({"type": f"lifespan.{phase}.failed", "message": f"{type(e).__name__}: {e}"})
        else:
            await send({"type": f"lifespan.{phase}.complete"})
        if phase == "shutdown":
            return
