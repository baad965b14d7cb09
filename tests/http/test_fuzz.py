"""Every parser of what comes from outside, with anything: it answers or refuses in its own words, and at once.

A second for each parser; FUZZ_SECONDS, or `./check --fuzz SECONDS`, says otherwise. What is drawn is made of the
pieces that mean something to a parser, and of any others.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, RequestedRangeNotSatisfiable, RequestEntityTooLarge

from demijohn.http.cookies import get_cookie, parse_cookie
from demijohn.http.host import get_host, host_is_trusted, is_valid_host
from demijohn.http.multipart import MultipartReceiver, parse_multipart
from demijohn.http.problem import prefers_json
from demijohn.http.proxy import TrustedProxies, forwarded_origin
from demijohn.http.query import parse_form, parse_query
from demijohn.http.ranges import if_range_matches, parse_range

SECONDS = float(os.environ.get("FUZZ_SECONDS", "1"))
#: Processor time that one input of a few kilobytes may take.
AT_ONCE = 0.5

EVERY_HOP = TrustedProxies(x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)


def texts(*pieces):
    """Texts of these pieces, repeated and mixed with other characters."""
    piece = st.sampled_from(pieces)
    many = st.builds(lambda piece, count: piece * count, piece, st.integers(1, 400))
    other = st.text(st.characters(max_codepoint=255), max_size=8)
    return st.lists(piece | many | other, max_size=12).map("".join)


def multipart_answers(text):
    body = text.encode("latin-1")
    try:
        form, files = parse_multipart(body, b"edge")
    except (BadRequest, RequestEntityTooLarge):
        form = None
    receiver = MultipartReceiver(b"edge")
    try:
        for start in range(0, len(body), 97):
            receiver.feed(body[start : start + 97])
        assert form is None or list(receiver.finish()[0].items(multi=True)) == list(form.items(multi=True))
    except (BadRequest, RequestEntityTooLarge):
        assert form is None
    finally:
        receiver.close()


def query_answers(text):
    for parse, data in ((parse_query, text), (parse_form, text.encode())):
        try:
            parse(data)
        except (BadRequest, RequestEntityTooLarge):
            pass


def cookies_answer(text):
    for name in parse_cookie(text):
        get_cookie(text, name)


def ranges_answer(text):
    for length in (0, 10, 10**12):
        with suppress(RequestedRangeNotSatisfiable):
            for start, stop in parse_range(text, length) or ():
                assert 0 <= start < stop <= length
    if_range_matches(text, '"tag"', None)


def accept_answers(text):
    assert prefers_json(text) in (True, False)


def host_answers(text):
    valid = is_valid_host(text)
    host_is_trusted(text, ["own.example", ".own.example"])
    try:
        assert get_host("http", text, ("own.example", 80)) or not valid
    except BadRequest:
        assert not valid


def forwarded_answers(text):
    names = (
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
    )
    line = text.replace("\r", "").replace("\n", "")
    for fields in ([(name, line) for name in names], [("Forwarded", line)]):
        origin = forwarded_origin("10.0.0.1", Headers(fields), EVERY_HOP)
        assert origin.scheme in (None, "http", "https", "ws", "wss")


PART = '--edge\r\nContent-Disposition: form-data; name="a"'
PARSERS = {
    "cookies": (cookies_answer, texts("a=b", "; ", '"', "\\", "\\012", "=", "__Host-", ",", " ", "\x00")),
    "multipart": (
        multipart_answers,
        texts(PART, f"{PART}\r\n\r\n", "\r\n--edge", "--edge--", "\r\n", "\n", "\r", "--", "; filename=",
              "; filename*=", "Content-Type: text/plain; charset=utf-7", "\\", '"', " ", "x"),
    ),
    "query": (query_answers, texts("a=b", "&", "=", "%", "%C3%A9", "%ff", "+", ";", "\x00")),
    "ranges": (ranges_answer, texts("bytes=", "0-1", "-", ",", "0-", "-5", "9" * 30, " ", '"tag"', "W/")),
    "Accept": (accept_answers, texts("text/html", "application/json", ";q=", "0.5", "*/*", ",", ";", '"', "+json")),
    "Host": (host_answers, texts("own.example", ":", "80", "[", "]", "::1", ".", "@", "/", "a-", "xn--", "%")),
    "Forwarded": (
        forwarded_answers,
        texts("for=", "proto=https", "host=a", ";", ",", '"', "\\", "[::1]", "10.0.0.1", ":", "=", "/a", " "),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.timeout(int(SECONDS) * 2 + 120)
def test_a_parser_answers_anything_at_once(name):
    answer, drawn = PARSERS[name]

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(drawn)
    def run(given_text):
        begun = time.process_time()
        answer(given_text)
        assert time.process_time() - begun < AT_ONCE

    end = time.monotonic() + SECONDS
    while True:
        run()
        if time.monotonic() > end:
            break
