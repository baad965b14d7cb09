"""The numbers in addresses."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter, Map


class Number(IntegerConverter):
    """`<number:name>`: a row number that SQLite can hold; any other is no page of ours (404)."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=2**31 - 1)
