"""Which content coding of an answer a client is given (RFC 9110, sections 8.4.1 and 12.5.3).

This module must not know what is encoded, only how large it is in each coding.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["choose_coding"]

IDENTITY = "identity"

_LONGEST_HEADER = 1024
#: What a coding is worth that a client did not speak of: only identity is taken then, rather than nothing.
_UNSAID = 0.0001


def choose_coding(header: str | None, sizes: Mapping[str, int]) -> str:
    """The coding that a client wants most; of those that it wants as much, the smallest.

    Identity is taken before a 406 where the client refuses all there is.

    :param header: The field Accept-Encoding.
    :param sizes: Bytes by coding, identity among them.
    """
    if not header or len(header) > _LONGEST_HEADER:
        return IDENTITY
    weights = _weights(header)
    others = weights.get("*")
    best, chosen = (0.0, 0), IDENTITY
    for coding, size in sizes.items():
        weight = weights.get(coding, others)
        if weight is None:
            weight = _UNSAID if coding == IDENTITY else 0.0
        if weight > 0 and (weight, -size) > best:
            best, chosen = (weight, -size), coding
    return chosen


def _weights(header: str) -> dict[str, float]:
    """The q-value of each coding in a header; what is malformed counts for nothing."""
    weights: dict[str, float] = {}
    for item in header.split(","):
        coding, *parameters = (part.strip(" \t").lower() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.rstrip(" \t") == "q":
                weight = _q(value.lstrip(" \t"))
        if coding:
            weights["gzip" if coding == "x-gzip" else coding] = weight
    return weights


def _q(text: str) -> float:
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()) or len(text) > 5:
        return 0.0
    return min(float(text), 1.0)
