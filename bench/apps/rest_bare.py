"""msgspec alone in an empty WSGI application: the floor."""

from __future__ import annotations

from typing import Any

import msgspec

from bench.apps.rest_demijohn import Order

decode, encode = msgspec.json.Decoder(Order).decode, msgspec.json.Encoder().encode


def make(protocol: str) -> Any:
    """The application, for the one path."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = encode(decode(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return app
