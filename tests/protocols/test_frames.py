"""Frames of WebSockets as RFC 6455 has them, on each server that carries them: the server's own work, shown here.

The cases are those of the Autobahn test suite's chapters 1 to 7 that a server can get wrong, one each.
"""

from __future__ import annotations

import os
import socket
import struct

import pytest

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True):
    """A frame of a client."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    length = len(payload)
    size = bytes([length]) if length < 126 else b"\x7e" + struct.pack("!H", length)
    if not masked:
        return bytes([first]) + size + payload
    mask = os.urandom(4)
    body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
    return bytes([first, size[0] | 0x80]) + size[1:] + mask + body


class Peer:
    """A client that says what no library would."""

    def __init__(self, server):
        self.socket = socket.create_connection((server.host, server.port), timeout=20)
        self.socket.sendall(
            f"GET /ws/echo HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        self.file = self.socket.makefile("rb")
        assert b" 101 " in self.file.readline()
        while self.file.readline().strip():
            pass

    def send(self, *frames):
        self.socket.sendall(b"".join(frames))

    def read(self):
        """The next frame, its opcode and payload; None at the end of the connection."""
        try:
            head = self.file.read(2)
            if len(head) < 2:
                return None
            length = head[1] & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self.file.read(2))
            return head[0] & 0x0F, self.file.read(length)
        except ConnectionResetError:
            return None

    def end(self):
        """The close code, or None where the connection was just closed; nothing else may come before."""
        found = self.read()
        if found is None:
            return None
        assert found[0] == CLOSE, found
        return struct.unpack("!H", found[1][:2])[0] if found[1] else 1005


@pytest.fixture
def peer(socket_server):
    made = Peer(socket_server)
    yield made
    made.file.close()
    made.socket.close()


def echoed(peer, text=b"still here"):
    peer.send(frame(TEXT, text))
    return peer.read() == (TEXT, text)


def test_a_message_in_fragments_is_one_message(peer):
    peer.send(
        frame(TEXT, b"caf\xc3", fin=False), frame(CONTINUATION, b"", fin=False), frame(CONTINUATION, b"\xa9")
    )
    assert peer.read() == (TEXT, "café".encode())


def test_a_ping_between_fragments_is_answered_at_once(peer):
    peer.send(frame(BINARY, b"a", fin=False), frame(PING, b"p" * 125))
    assert peer.read() == (PONG, b"p" * 125)
    peer.send(frame(CONTINUATION, b"b"))
    assert peer.read() == (BINARY, b"ab")


def test_a_pong_that_nobody_asked_for_is_ignored(peer):
    peer.send(frame(PONG, b"what?"))
    assert echoed(peer)


def test_an_empty_message_is_one(peer):
    peer.send(frame(TEXT))
    assert peer.read() == (TEXT, b"")


#: What breaks the protocol, and the codes that it is closed with.
BROKEN = {
    "a ping of 126 bytes": ([frame(PING, b"p" * 126)], {1002}),
    "a ping in fragments": ([frame(PING, b"p", fin=False)], {1002}),
    "a reserved bit": ([frame(TEXT, b"a", rsv=2)], {1002}),
    "a reserved opcode": ([frame(3, b"a")], {1002}),
    "a reserved control opcode": ([frame(11)], {1002}),
    "a continuation of nothing": ([frame(CONTINUATION, b"a")], {1002}),
    "a message within a message": ([frame(TEXT, b"a", fin=False), frame(TEXT, b"b")], {1002}),
    "text that is not UTF-8": ([frame(TEXT, b"\xff\xfe")], {1007}),
    "a close of one byte": ([frame(CLOSE, b"\x03")], {1002}),
    "a close code that is never sent": ([frame(CLOSE, struct.pack("!H", 1005))], {1002}),
    "a close reason that is not UTF-8": ([frame(CLOSE, b"\x03\xe8\xff")], {1002, 1007}),
    "a frame without a mask": ([frame(TEXT, b"a", masked=False)], {1002}),
}
#: Servers' faults, named in docs/websockets.md: Granian's close frame has no code, hypercorn sends none at all.
FAULTS: dict[str, int | None] = {"granian-asgi": 1005, "hypercorn": None}


@pytest.mark.parametrize("what", BROKEN)
def test_what_breaks_the_protocol_closes_the_connection(peer, reached_by, what):
    frames, codes = BROKEN[what]
    peer.send(*frames)
    end = peer.end()
    assert end in codes or (reached_by in FAULTS and end == FAULTS[reached_by])


def test_a_close_is_answered_with_its_code(peer):
    peer.send(frame(CLOSE, struct.pack("!H", 4001) + b"bye"))
    assert peer.end() == 4001
