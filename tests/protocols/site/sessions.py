"""Routes that use the session."""

from __future__ import annotations

from typing import Any

from demijohn import Flask, session


def register(app: Flask) -> None:
    @app.route("/s/count-visits")
    def visits_sync() -> dict[str, Any]:
        session["visits"] = session.get("visits", 0) + 1
        return {"visits": session["visits"]}

    @app.route("/a/count-visits")
    async def visits_async() -> dict[str, Any]:
        session["visits"] = session.get("visits", 0) + 1
        return {"visits": session["visits"]}

    @app.route("/s/session")
    def whole_session() -> dict[str, Any]:
        return dict(session)

    @app.route("/s/session-touch/<way>")
    def touch(way: str) -> str:
        """Read the session in one way and change nothing."""
        ways = {
            "get": lambda: session.get("visits"),
            "in": lambda: "visits" in session,
            "len": lambda: len(session),
            "iterate": lambda: list(session),
            "items": lambda: dict(session.items()),
        }
        return repr(ways[way]())

    @app.route("/s/session-untouched")
    def untouched() -> str:
        return "untouched"

    @app.route("/s/logout")
    def logout() -> str:
        session.clear()
        return "bye"
