"""The bytes a session is kept as: JSON or MessagePack, with the tags of session cookies. Never pickle.

Both hold the same types; each is read whatever is written today, so changing the format loses nothing.
This module must not know where the bytes are kept.
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import msgpack

FORMATS = ("json", "msgpack")


class Serializer(Protocol):
    """Writes JSON, in which values that JSON does not have are tagged."""

    def dumps(self, value: Any) -> str:
        """The text for a value."""
        ...

    def loads(self, value: str) -> Any:
        """The value of a text."""
        ...

    def tag(self, value: Any) -> Any:
        """The value with tags in the place of what JSON does not have."""
        ...

    def untag(self, value: dict[str, Any]) -> Any:
        """The value of a dictionary that may be a tag."""
        ...


class Unreadable(ValueError):
    """Bytes that no session was written as."""


def encode(contents: dict[str, Any], serializer: Serializer, form: str) -> bytes:
    """The bytes for a session's contents.

    :param serializer: Tags what JSON does not have, and writes JSON.
    :param form: ``json`` or ``msgpack``.
    :raises TypeError: for a value that neither has.
    """
    if form == "json":
        return serializer.dumps(contents).encode()
    return msgpack.encode(serializer.tag(contents))


def decode(data: bytes, serializer: Serializer) -> dict[str, Any]:
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


def _untagged(value: object, serializer: Serializer) -> Any:
    if isinstance(value, list):
        return [_untagged(item, serializer) for item in value]
    if isinstance(value, dict):
        return serializer.untag({key: _untagged(item, serializer) for key, item in value.items()})
    return value
