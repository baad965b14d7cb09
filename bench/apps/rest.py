"""What the applications of `python -m bench rest` have in common: 20 nested records, in and out."""

from __future__ import annotations

import json
from typing import Any

RECORDS = 20


def document() -> dict[str, Any]:
    """An order of 20 lines, 7 KB as JSON."""
    lines = [
        {
            "id": number,
            "name": f"Bottle number {number} of the upper cellar",
            "price": 3.25 * number + 0.5,
            "count": number % 7,
            "tags": ["red", "dry", "old wine of the house"],
            "origin": {"country": "France", "region": "Bourgogne, near the river", "lat": 47.25, "lon": 4.5},
            "note": "What one says about this wine, at some length, because notes are long: it is good" * 2,
        }
        for number in range(RECORDS)
    ]
    return {"customer": "Ada Lovelace", "number": 7, "lines": lines}


VALID = json.dumps(document(), separators=(",", ":")).encode()


def _wrong() -> bytes:
    order = document()
    order["lines"][3]["id"] = "three"
    order["lines"][5]["count"] = 5.5
    return json.dumps(order, separators=(",", ":")).encode()


WRONG = _wrong()
