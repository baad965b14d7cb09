"""Socket.IO's packets: python-socketio's, read strictly, and written so that any browser can read them.

What is malformed is a :class:`MalformedPacket`, for which a connection is closed, as Socket.IO's own server does.
This module must not know connections.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast

from socketio import packet
from socketio.packet import Packet

from demijohn.extend import later

if TYPE_CHECKING:
    from socketio import msgpack_packet
else:
    msgpack_packet = later("socketio.msgpack_packet")  # brings msgpack, which need not be installed

__all__ = [
    "ACK", "BINARY_ACK", "BINARY_EVENT", "CONNECT", "CONNECT_ERROR", "DISCONNECT", "EVENT", "MalformedPacket",
    "check", "encode", "packet_class",
]  # fmt: skip

CONNECT, DISCONNECT, EVENT, ACK = packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK
CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = packet.CONNECT_ERROR, packet.BINARY_EVENT, packet.BINARY_ACK

#: Most binary attachments of one packet.
MOST_ATTACHMENTS = 100

#: Names of events that are the protocol's own.
_RESERVED = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)


class MalformedPacket(ValueError):
    """A client sent what is no packet."""


class _JSON:
    """The standard library's JSON, without the numbers that JSON does not have."""

    @staticmethod
    def dumps(value: object, **options: Any) -> str:
        """The text of a value.

        :raises TypeError: for what JSON cannot hold.
        """
        try:
            return json.dumps(value, allow_nan=False, **options)
        except ValueError as e:
            raise TypeError(f"JSON cannot hold what was emitted: {e}.") from None

    @staticmethod
    def loads(text: str, **options: Any) -> Any:
        """The value of a text."""
        return json.loads(text, parse_constant=_refuse_constant, **options)


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedPacket(f"JSON has no {name}.")


class StrictPacket(Packet):  # type: ignore[misc]
    """A packet in Socket.IO's own form: text, and binary attachments after it."""

    json: Any = _JSON

    def decode(self, encoded_packet: object) -> int:
        """Read the first part of a packet.

        :returns: How many attachments follow.
        :raises MalformedPacket: for what is none.
        """
        if not isinstance(encoded_packet, str):
            raise MalformedPacket("Binary data without a packet that announced it.")
        # PERF: what most packets are, an event for the main namespace.
        if encoded_packet[:2] == "2[":
            self.packet_type, self.namespace = EVENT, None
            self.data = self.json.loads(encoded_packet[1:])
            return 0
        kind = encoded_packet[:1]
        if kind not in "0123456" or not kind:
            raise MalformedPacket(f"There is no packet of the type {kind!r}.")
        found: int = super().decode(encoded_packet)
        return found

    @classmethod
    def data_is_binary(cls, data: Any) -> bool:
        """Whether there are bytes somewhere in ``data``."""
        kind = data.__class__
        if kind is str or kind is int or data is None or kind is float or kind is bool:
            return False
        if isinstance(data, (bytes, bytearray)):
            return True
        if isinstance(data, Mapping):
            data = data.values()
        elif not isinstance(data, (list, tuple)):
            return False
        is_binary = cls.data_is_binary
        for item in data:  # noqa: SIM110 (PERF: a generator costs 0.3 us more)
            if is_binary(item):
                return True
        return False

    @classmethod
    def _reconstruct_binary_internal(cls, data: Any, attachments: list[bytes]) -> Any:
        if isinstance(data, list):
            return [cls._reconstruct_binary_internal(item, attachments) for item in data]
        if not isinstance(data, dict):
            return data
        if data.get("_placeholder") is True:
            number: Any = data.get("num")
            if number.__class__ is not int or not 0 <= number < len(attachments):
                raise MalformedPacket("A placeholder stands for an attachment that there is not.")
            return attachments[number]
        return {key: cls._reconstruct_binary_internal(value, attachments) for key, value in data.items()}

    @classmethod
    def _deconstruct_binary_internal(cls, data: Any, attachments: list[bytes]) -> Any:
        if isinstance(data, tuple):
            data = list(data)
        return super()._deconstruct_binary_internal(data, attachments)


def packet_class(serializer: str | type[Packet], json_module: object) -> type[Packet]:
    """The class of packets for a serializer and a JSON module, of one server alone.

    :param serializer: ``"default"``, ``"msgpack"``, or a class of packets.
    """
    if serializer == "msgpack":
        base = msgpack_packet.MsgPackPacket
    elif serializer == "default":
        base = StrictPacket
    else:
        base = cast("type[Packet]", serializer)
    return base if json_module is None else type("Packet", (base,), {"json": json_module})


def encode(
    cls: type[Packet], kind: int, data: object, namespace: str | None = None, number: int | None = None
) -> Any:
    """A packet as it goes out: one text, or a list with its attachments.

    :raises TypeError: for what JSON cannot hold.
    """
    try:
        return cls(kind, data, namespace, number).encode()
    except RecursionError:
        raise TypeError("What was emitted lies in itself, or is nested too deeply for JSON.") from None


def check(pkt: Packet) -> None:
    """Refuse a packet that a client cannot mean.

    :raises MalformedPacket: says what is wrong with it.
    """
    kind, data = pkt.packet_type, pkt.data
    if kind in (EVENT, BINARY_EVENT):
        name = data[0] if data.__class__ is list and data else None
        if name.__class__ is not str or name in _RESERVED:
            raise MalformedPacket("An event is a list that begins with its name.")
    elif kind in (ACK, BINARY_ACK):
        if data.__class__ is not list or pkt.id is None:
            raise MalformedPacket("An acknowledgement is a list with the number of what it acknowledges.")
    elif kind == CONNECT:
        if data is not None and data.__class__ is not dict:
            raise MalformedPacket("A connection begins with an object, or with nothing.")
    elif kind != DISCONNECT or data is not None:
        raise MalformedPacket("Clients do not send this.")
    binary = kind in (BINARY_EVENT, BINARY_ACK)
    if binary and pkt.uses_binary_events:
        if not 0 < pkt.attachment_count <= MOST_ATTACHMENTS:
            raise MalformedPacket(f"A binary packet has 1 to {MOST_ATTACHMENTS} attachments.")
    elif pkt.attachment_count:
        raise MalformedPacket("Only a binary packet has attachments.")
