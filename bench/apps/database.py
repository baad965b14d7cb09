"""What the apps of the database benchmark share: which rows there are, and what is done with them.

A query page reads one row by its key; `fortunes` reads twelve, adds one, sorts them by their text and renders
them. The mapper is used as its users would use it.
"""

from __future__ import annotations

from random import Random

WORLDS = 1000
FORTUNES = [
    "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1",
    "A computer program does what you tell it to do, not what you want it to do.",
    "A list is only as strong as its weakest link.",
    "After enough decimal places, nobody gives a damn.",
    "Any program that runs right is obsolete.",
    "Computers make very fast, very accurate mistakes.",
    "Emacs is a nice operating system, but I prefer UNIX.",
    "Feature: A bug with seniority.",
    "fortune: No such file or directory",
    "<script>alert('This should not be displayed in a browser alert box.');</script>",
    "フレームワークのベンチマーク",
    "The wicker keeps the glass whole.",
]
_random = Random(7)


def random_id() -> int:
    """The key of a row, a different one each time and the same ones for everybody."""
    return _random.randint(1, WORLDS)


def completed(rows: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The rows with one added, sorted by their text."""
    return sorted([*rows, (0, "Additional fortune added at request time.")], key=lambda row: row[1])
