"""Multipart forms without a server: a file of 1 GB in pieces of 64 KB, and 10,000 small fields, by each parser.

All run in this process in turns; what counts is CPU time. A file's bytes are handed over and dropped, the fields are
kept as pairs of text.
"""

from __future__ import annotations

import io
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.report import table

BOUNDARY = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"
PIECE = 64 * 1024
FIELDS = 10_000
MEGABYTE = 1024 * 1024

HEAD = (
    b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="film"; filename="film.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)  # fmt: skip
END = b"\r\n--" + BOUNDARY + b"--\r\n"


def _pieces(megabytes: int) -> Any:
    content = random.Random(7).randbytes(PIECE)
    yield HEAD
    for _ in range(megabytes * MEGABYTE // PIECE):
        yield content
    yield END


def _form() -> bytes:
    fields = [
        b'--%s\r\nContent-Disposition: form-data; name="field%d"\r\n\r\nvalue %d\r\n'
        % (BOUNDARY, number, number)
        for number in range(FIELDS)
    ]
    return b"".join(fields) + b"--" + BOUNDARY + b"--\r\n"


# ---------------------------------------------------------------- one file


def demijohn_file(megabytes: int) -> int:
    from demijohn.http.form_parser import MultipartParser

    size = 0
    parser = MultipartParser(BOUNDARY)
    for piece in _pieces(megabytes):
        for event in parser.feed(piece):
            if event.__class__ is bytes:
                size += len(event)
    parser.finish()
    return size


def multipart_file(megabytes: int) -> int:
    from multipart import PushMultipartParser

    size = 0
    with PushMultipartParser(BOUNDARY.decode(), max_segment_size=1 << 40) as parser:
        for piece in _pieces(megabytes):
            for event in parser.parse(piece):
                if isinstance(event, (bytes, bytearray)):
                    size += len(event)
    return size


def python_multipart_file(megabytes: int) -> int:
    from python_multipart import MultipartParser

    size = 0

    def on_data(data: bytes, start: int, end: int) -> None:
        nonlocal size
        size += end - start

    parser = MultipartParser(BOUNDARY, {"on_part_data": on_data})
    for piece in _pieces(megabytes):
        parser.write(piece)
    parser.finalize()
    return size


def werkzeug_file(megabytes: int) -> int:
    from werkzeug.sansio.multipart import Data, Epilogue, MultipartDecoder, NeedData

    size = 0
    decoder = MultipartDecoder(BOUNDARY)
    for piece in _pieces(megabytes):
        decoder.receive_data(piece)
        while not isinstance(event := decoder.next_event(), (NeedData, Epilogue)):
            if isinstance(event, Data):
                size += len(event.data)
    return size


# ---------------------------------------------------------------- many fields


def demijohn_fields(body: bytes) -> int:
    from demijohn.http.multipart import MultipartLimits, parse_multipart

    return len(parse_multipart(body, BOUNDARY, limits=MultipartLimits(parts=None))[0])


def demijohn_streamed_fields(body: bytes) -> int:
    from demijohn.http.multipart import MultipartLimits, parse_multipart_stream

    limits = MultipartLimits(parts=None)
    return len(parse_multipart_stream(io.BytesIO(body), BOUNDARY, limits=limits)[0])


def multipart_fields(body: bytes) -> int:
    from multipart import MultipartParser

    parser = MultipartParser(io.BytesIO(body), BOUNDARY.decode(), part_limit=2 * FIELDS, memory_limit=1 << 30)
    return len([(part.name, part.value) for part in parser])


def python_multipart_fields(body: bytes) -> int:
    from python_multipart import parse_form

    fields: list[Any] = []
    headers = {"Content-Type": b"multipart/form-data; boundary=" + BOUNDARY}
    parse_form(headers, io.BytesIO(body), lambda field: fields.append((field.field_name, field.value)), None)
    return len(fields)


def werkzeug_fields(body: bytes) -> int:
    from werkzeug.formparser import MultiPartParser

    return len(MultiPartParser(max_form_parts=None).parse(io.BytesIO(body), BOUNDARY, len(body))[0])


FILE_PARSERS: dict[str, Callable[[int], int]] = {
    "demijohn": demijohn_file,
    "multipart": multipart_file,
    "python-multipart": python_multipart_file,
    "werkzeug": werkzeug_file,
}
FIELD_PARSERS: dict[str, Callable[[bytes], int]] = {
    "demijohn": demijohn_fields,
    "demijohn, streamed": demijohn_streamed_fields,
    "multipart": multipart_fields,
    "python-multipart": python_multipart_fields,
    "werkzeug": werkzeug_fields,
}
#: Of the fastest peer's time for the fields: 30 and 45 ms where that took 57.
SHARES = {"demijohn": 30 / 57, "demijohn, streamed": 45 / 57}


def _spent(function: Callable[[Any], int], argument: Any, expected: int) -> float:
    begun = time.process_time()
    found = function(argument)
    taken = time.process_time() - begun
    if found != expected:
        raise RuntimeError(f"{function.__name__} found {found}, not {expected}")
    return taken


def measure(megabytes: int, rounds: int) -> tuple[dict[str, Any], list[str]]:
    """MB/s and milliseconds by parser, the medians of rounds in which they take turns."""
    problems: list[str] = []
    files: dict[str, list[float]] = {}
    fields: dict[str, list[float]] = {}
    body = _form()
    for turn in range(rounds):
        print(f"\r  round {turn + 1}", end="", file=sys.stderr, flush=True)
        for name, read in FILE_PARSERS.items():
            try:
                files.setdefault(name, []).append(megabytes / _spent(read, megabytes, megabytes * MEGABYTE))
            except ImportError as problem:
                if not turn:
                    problems.append(f"{name}: {problem}")
        for name, parse in FIELD_PARSERS.items():
            try:
                fields.setdefault(name, []).append(_spent(parse, body, FIELDS) * 1000)
            except ImportError:
                continue
    print(file=sys.stderr)
    return {
        "file_mb_per_second": {name: statistics.median(seen) for name, seen in files.items() if seen},
        "fields_ms": {name: statistics.median(seen) for name, seen in fields.items() if seen},
    }, problems


def text(figures: dict[str, Any], problems: list[str], megabytes: int) -> str:
    """The table with a verdict for ours."""
    files, fields = figures["file_mb_per_second"], figures["fields_ms"]
    peers = {name: spent for name, spent in fields.items() if not name.startswith("demijohn")}
    rows = []
    for name in FIELD_PARSERS:
        failings = []
        if name == "demijohn" and files[name] < max(files.values()):
            failings.append("not the fastest")
        if name in SHARES and peers and fields[name] > SHARES[name] * min(peers.values()):
            failings.append(f"over {SHARES[name]:.0%} of the fastest peer")
        verdict = (", ".join(failings) or "met") if name in SHARES else ""
        speed = f"{files[name]:,.0f}" if name in files else ""
        spent = f"{fields[name]:.1f}" if name in fields else ""
        rows.append((name, speed, spent, verdict))
    head = ("multipart", f"file of {megabytes} MB, MB/s", f"{FIELDS:,} fields, ms", "verdict")
    parts = ["## Multipart parsers (CPU time)", table(head, rows)]
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
