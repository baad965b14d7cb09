"""From what a view returned to its response, as its return annotation says.

This module must not know how the view was called.
"""

from __future__ import annotations

import collections.abc
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from typing import Any, TypeAlias, get_args

from msgspec import UNSET
from werkzeug.wrappers import Response as BaseResponse

from demijohn import Response, make_response
from demijohn.ext.rest.typed.kinds import origin_of, Annotation, is_model, members_of, plain, without
from demijohn.ext.rest.typed.bulk import Bulk
from demijohn.ext.rest.typed.shapes import Encode, WrongAnswer, encode_plain, encoder_for, encoder_of_own
from demijohn.extend import Ready

__all__ = ["Answer", "Promise", "answer_for", "promise_of", "status_line"]

#: Makes a response of what a view returned.
Answer: TypeAlias = Callable[[Any], Any]

JSON = ("Content-Type", "application/json")
TEXT = ("Content-Type", "text/plain; charset=utf-8")
BYTES = ("Content-Type", "application/octet-stream")
#: One JSON value a line.
LINES = "application/jsonl"

_STREAMS: tuple[Any, ...] = (
    collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator,
)  # fmt: skip
_ASYNC_STREAMS: tuple[Any, ...] = (
    collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator,
)  # fmt: skip


def status_line(status: int) -> str:
    """The status line of a code."""
    try:
        return f"{status} {HTTPStatus(status).phrase.upper()}"
    except ValueError:
        return f"{status} UNKNOWN"


class Promise:
    """What a return annotation promises.

    :param annotation: The annotation; UNSET for none.
    """

    def __init__(self, annotation: Annotation) -> None:
        annotation = _of_tuple(annotation)
        members = members_of(annotation)
        #: Whether nothing is promised, and the answer is made as a plain view's.
        self.open = annotation is UNSET or all(_is_response(member) for member in members)
        #: Whether None may be returned, for an answer without content.
        self.empty = type(None) in members or annotation is None
        responses = [member for member in members if _is_response(member)]
        kind = without(annotation, type(None), *responses)
        self.nothing = annotation is None or kind is type(None)
        origin = origin_of(plain(kind)) or plain(kind)
        #: Whether one value a line is sent.
        self.streams = origin in (*_STREAMS, *_ASYNC_STREAMS)
        self.streams_async = origin in _ASYNC_STREAMS
        #: Whether several answers are sent in one.
        self.bulk = origin is Bulk
        parted = self.streams or self.bulk
        #: The type of what is sent; of each line of a stream, of each body of several answers.
        self.kind: Any = (get_args(plain(kind)) or (Any,))[0] if parted else kind

    @property
    def media_type(self) -> str | None:
        """The media type of what is sent; None where nothing is known or sent."""
        if self.open or self.nothing:
            return None
        if self.streams:
            return LINES
        if self.bulk:
            return "application/json"
        return {str: "text/plain", bytes: "application/octet-stream"}.get(
            plain(self.kind), "application/json"
        )


def _is_response(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, BaseResponse)


def _of_tuple(annotation: Annotation) -> Any:
    """What is sent of ``tuple[T, int]`` and ``tuple[T, int, dict]``."""
    arguments = get_args(annotation)
    if origin_of(annotation) is tuple and len(arguments) in {2, 3} and arguments[1] in {int, HTTPStatus}:
        return arguments[0]
    return annotation


def promise_of(annotation: Annotation) -> Promise:
    """What a return annotation promises."""
    return Promise(annotation)


def answer_for(promise: Promise, status: int, where: str, *, checked: bool) -> Answer:
    """What makes responses for a view.

    :param status: The status where the view says none.
    :param where: The view, for messages.
    :param checked: Whether what is returned is looked at closely, as in debug mode.
    """
    if promise.open:
        return _open(status)
    if promise.bulk:
        return _in_bulk(encoder_for(promise.kind, checked=checked, where=where), where)
    if promise.streams:
        return _streaming(promise, status, encoder_for(promise.kind, checked=checked, where=where))
    kind = plain(promise.kind)
    encode, content_type = _body(kind, promise, checked, where)
    takes_tuple = origin_of(kind) is not tuple and not hasattr(kind, "_fields")
    line = status_line(status)
    plain_kinds = {kind, list, dict, str} if isinstance(kind, type) else {list, dict, str}

    # PERF: most views return just what they promise, which nothing else has to be asked of (0.3 us).
    own = UNSET if promise.nothing or not is_model(kind) else kind
    encode_own = encode if own is UNSET else encoder_of_own(promise.kind, encode, checked=checked)

    def answer(result: Any) -> Any:
        cls = result.__class__
        if cls is own:
            return Ready(encode_own(result), content_type, status, line)
        if _is_nothing(result, promise):
            return no_content()
        if cls is tuple and takes_tuple:
            return _unpacked(result, answer)
        if cls not in plain_kinds and isinstance(result, BaseResponse):
            return result
        return Ready(encode(result), content_type, status, line)

    return answer


def no_content() -> Response:
    """A response without content."""
    return Response.of_parts(b"", [], 204, "204 NO CONTENT")


def _is_nothing(result: object, promise: Promise) -> bool:
    return result is None and promise.empty


def _open(status: int) -> Answer:
    def answer(result: Any) -> Any:
        if result is None:
            return no_content()
        if status == 200 or isinstance(result, (tuple, BaseResponse)):
            return result
        return make_response(result, status)

    return answer


def _body(kind: Annotation, promise: Promise, checked: bool, where: str) -> tuple[Encode, tuple[str, str]]:
    if promise.nothing:

        def refuse(value: Any) -> bytes:
            raise WrongAnswer(f"{where} promises None and returned a {type(value).__name__}.")

        return refuse, JSON
    if kind is str:

        def text(value: Any) -> bytes:
            if not isinstance(value, str):
                raise WrongAnswer(f"{where} promises str and returned a {type(value).__name__}.")
            return value.encode()

        return text, TEXT
    if kind is bytes:
        return bytes, BYTES
    encode = encoder_for(promise.kind, checked=checked, where=where)
    return encode, JSON


def _unpacked(result: tuple[Any, ...], answer: Answer) -> Any:
    """A response of ``(value, status, headers)``, ``(value, status)`` or ``(value, headers)``."""
    value, *rest = result
    status = rest[0] if rest and isinstance(rest[0], (int, str)) else None
    headers = rest[-1] if rest and not isinstance(rest[-1], (int, str)) else None
    response = answer(value)
    if isinstance(response, Ready):
        response = response.response()
    if status is not None:
        code = int(status)
        if response.status_code == 204 and value is None:
            response = Response.of_bytes(b"", code, status_line(code), [])
        response.status_code = code
    if headers is not None:
        response.headers.update(headers)
    return response


def _in_bulk(encode: Encode, where: str) -> Answer:
    """Responses with several answers in one (RFC 4918, section 11.1)."""

    def answer(result: Any) -> Any:
        if isinstance(result, BaseResponse):
            return result
        if not isinstance(result, Bulk):
            raise WrongAnswer(f"{where} promises Bulk and returned a {type(result).__name__}.")
        parts = []
        for status, value, problem in result.parts:
            name, body = (b"body", encode(value)) if problem is None else (b"problem", encode_plain(problem))
            parts.append(b'{"status":%d,"%s":%s}' % (status, name, body))
        return Ready(b"[%s]" % b",".join(parts), JSON, 207, status_line(207))

    return answer


def _streaming(promise: Promise, status: int, encode: Encode) -> Answer:
    """Responses of one JSON value a line, each sent when it is there."""

    def lines(values: Iterator[Any]) -> Iterator[bytes]:
        try:
            for value in values:
                yield encode(value) + b"\n"
        finally:
            close = getattr(values, "close", None)
            if close is not None:
                close()

    async def async_lines(values: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        try:
            async for value in values:
                yield encode(value) + b"\n"
        finally:
            close = getattr(values, "aclose", None)
            if close is not None:
                await close()

    def answer(result: Any) -> Any:
        if _is_nothing(result, promise):
            return no_content()
        if result.__class__ is tuple:
            return _unpacked(result, answer)
        if isinstance(result, BaseResponse):
            return result
        parts: Any = async_lines(result) if hasattr(result, "__aiter__") else lines(iter(result))
        return Response(parts, status, content_type=LINES)

    return answer
