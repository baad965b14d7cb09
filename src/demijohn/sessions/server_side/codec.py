"""The bytes a session is kept as: JSON or MessagePack, with the tags of session cookies. Never pickle.

Both hold the same types; each is read whatever is written today, so changing the format loses nothing.
This module must not know where the bytes are kept.
"""

from __future__ import annotations

from typing import Any

from msgspec import msgpack

FORMATS = ("json", "msgpack")


class Unreadable(ValueError):
    """Bytes that no session was written as."""


def encode(contents: dict[str, Any], serializer: Any, form: str) -> bytes:
    """The bytes for a session's contents.

    :param serializer: Tags what JSON does not have, and writes JSON.
    :param form: ``json`` or ``msgpack``.
    :raises TypeError: for a value that neither has.
    """
    if form == "json":
        text: str = serializer.dumps(contents)
        return text.encode()
    return msgpack.encode(serializer.tag(contents))


def decode(data: bytes, serializer: Any) -> dict[str, Any]:
    """The contents that :func:`encode` was given.

    :raises Unreadable: when it was not this that wrote the bytes.
    """
    try:
        if data[:1] == b"{":
            contents = serializer.loads(data.decode())
        else:
            contents = _untagged(msgpack.decode(data), serializer)
    except Exception as e:  # whatever a tag makes of what is not its own
        raise Unreadable(f"The record of a session cannot be read: {e}") from e
    if not isinstance(contents, dict):
        raise Unreadable("The record of a session is not a dictionary.")
    return contents


def _untagged(value: Any, serializer: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item, serializer) for item in value]
    if isinstance(value, dict):
        return serializer.untag({key: _untagged(item, serializer) for key, item in value.items()})
    return value
