"""An answer that is ready to be sent, before it is a response.

A response object is made of it where somebody may look at one: a hook, a session, a middleware. This module must
not know who makes it.
"""

from __future__ import annotations

from demijohn.wrappers.response import Response

__all__ = ["Ready", "ReadyWhole"]


class Ready:
    """A body in one piece, its Content-Type and its status, all known to be valid.

    PERF: 0.2 us, and 1 us less on the short way than a response that has to be asked for its parts.

    :param body: The body.
    :param content_type: The field with its type.
    :param code: The status code, one that has a body.
    :param status: The status line.
    """

    __slots__ = ("body", "code", "content_type", "status")

    def __init__(
        self, body: bytes, content_type: tuple[str, str], code: int = 200, status: str = "200 OK"
    ) -> None:
        self.body = body
        self.content_type = content_type
        self.code = code
        self.status = status

    def response(self) -> Response:
        """The response that it is."""
        return Response.of_bytes(self.body, self.code, self.status, [self.content_type])


class ReadyWhole:
    """An answer of which everything is known, its length too; it may be one without a body.

    :param body: The body.
    :param fields: All its header fields, which are never changed.
    :param code: The status code.
    :param status: The status line.
    """

    __slots__ = ("body", "code", "fields", "status")

    def __init__(
        self, body: bytes, fields: list[tuple[str, str]], code: int = 200, status: str = "200 OK"
    ) -> None:
        self.body = body
        self.fields = fields
        self.code = code
        self.status = status

    def response(self) -> Response:
        """The response that it is."""
        return Response.of_parts(self.body, self.fields[:], self.code, self.status)
