"""Routes that answer in every way there is, the forbidden ones included."""

from __future__ import annotations

from typing import Any

from demijohn import Flask, Response, abort, after_this_request, jsonify, redirect, request, url_for


class Teapot(Exception):
    """Has an error handler of its own."""


class AsyncTeapot(Exception):
    """Has an async error handler of its own."""


def bad_header() -> Response:
    kind = request.args["kind"]
    response = Response("never sent")
    pairs = {
        "name": ("bad name", "x"),
        "crlf": ("X-Split", "a\r\nX-Injected: 1"),
        "nul": ("X-Nul", "a\0b"),
        "empty": ("", "x"),
    }
    response.headers.add(*pairs[kind])
    return response


def register(app: Flask) -> None:
    @app.route("/s/status/<int:code>")
    def status_sync(code: int) -> tuple[str, int]:
        return "body", code

    @app.route("/a/status/<int:code>")
    async def status_async(code: int) -> tuple[str, int]:
        return "body", code

    @app.route("/s/bad-header")
    def bad_header_sync() -> Response:
        return bad_header()

    @app.route("/a/bad-header")
    async def bad_header_async() -> Response:
        return bad_header()

    @app.route("/s/headers")
    def headers() -> Response:
        response = Response("ok")
        response.headers.add("X-Many", "one")
        response.headers.add("X-Many", "two")
        response.headers["X-Latin"] = "caf\u00e9"
        response.set_cookie("first", "1")
        response.set_cookie("second", "2", path="/s")
        return response

    @app.route("/s/json-answer")
    def json_answer() -> Response:
        return jsonify(b=1, a=[None, True, "\u00e9"])

    @app.route("/s/bytes")
    def octets() -> bytes:
        return bytes(range(256))

    @app.route("/s/go")
    def go() -> Any:
        return redirect(url_for("arrived", _external="external" in request.args))

    @app.route("/s/arrived")
    def arrived() -> str:
        return "arrived"

    @app.route("/s/abort/<int:code>")
    def aborted(code: int) -> str:
        abort(code)

    @app.route("/a/abort/<int:code>")
    async def aborted_async(code: int) -> str:
        abort(code)

    @app.route("/s/boom")
    @app.route("/s/boom/<where>")
    def boom_sync(where: str = "") -> str:
        raise RuntimeError("secret detail in a view")

    @app.route("/a/boom")
    async def boom_async() -> str:
        raise RuntimeError("secret detail in a view")

    @app.route("/s/teapot")
    def teapot_sync() -> str:
        raise AsyncTeapot if "async" in request.args else Teapot

    @app.route("/a/teapot")
    async def teapot_async() -> str:
        raise AsyncTeapot if "async" in request.args else Teapot

    @app.errorhandler(Teapot)
    def pour(error: Teapot) -> tuple[str, int]:
        return f"poured for {request.path}", 418

    @app.errorhandler(AsyncTeapot)
    async def pour_async(error: AsyncTeapot) -> tuple[str, int]:
        return f"poured later for {request.path}", 418

    @app.route("/s/after")
    def after_this() -> Response:
        @after_this_request
        def add(response: Response) -> Response:
            response.headers["X-After"] = "added"
            return response

        return Response("ok")
