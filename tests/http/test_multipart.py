from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from demijohn.http import form_part
from demijohn.http import multipart as module
from demijohn.http.multipart import (
    InvalidMultipart,
    MultipartLimits,
    MultipartReceiver,
    parse_multipart,
    parse_multipart_stream,
)

B = b"boundary"


def part(name="a", data=b"1", filename=None, headers=(), line=b"\r\n"):
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    head = line.join([disposition.encode(), *headers])
    return b"--" + B + line + head + line + line + data + line


def body_of(*parts, end=b"--" + B + b"--\r\n"):
    return b"".join(parts) + end


def plain(parsed):
    """Fields and files as comparable lists."""
    form, files = parsed
    return (
        list(form.items(multi=True)),
        [
            (name, file.name, file.filename, list(file.headers), file.stream.read())
            for name, file in files.items(multi=True)
        ],
    )


def in_memory(**about):
    return io.BytesIO()


def parse_stream(body, boundary):
    return parse_multipart_stream(io.BytesIO(body), boundary, stream_factory=in_memory)


def werkzeugs(body, step=64 * 1024):
    parser = MultiPartParser(stream_factory=in_memory, buffer_size=step)
    try:
        fields, files = plain(parser.parse(io.BytesIO(body), B, len(body)))
    except ValueError:
        return "malformed"
    # It takes a part without a name, and calls it None.
    nameless = any(item[0] is None for item in [*fields, *files])
    return "malformed" if nameless else (fields, files)


def ours(body, step=None):
    try:
        if step is None:
            return plain(parse_multipart(body, B))
        receiver = MultipartReceiver(B, stream_factory=in_memory)
        for start in range(0, len(body), step):
            receiver.feed(body[start : start + step])
        return plain(receiver.finish())
    except InvalidMultipart:
        return "malformed"


names = st.text(alphabet='abé☃%2 ;=\\"*', max_size=6)
contents = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b"--", B, b"--" + B, b"\r\n--" + B, b"x", b"\xff", b"\xc3\xa9", b" "]
    ),
    max_size=5,
).map(b"".join)
extra_headers = st.lists(
    st.sampled_from(
        [
            b"Content-Type: text/plain",
            b"Content-Type: text/plain; charset=iso-8859-1",
            b"content-type: text/plain; charset=utf-7",
            b"X-Folded: a\r\n b",
            b"X-Lone: a\rb",
            b"X-Bytes: \xff",
            b"Content-Length: 12",
            b" odd",
            b"",
        ]
    ),
    max_size=3,
)
parts = st.builds(
    part,
    name=names,
    data=contents,
    filename=st.none() | names,
    headers=extra_headers,
    line=st.sampled_from([b"\r\n"] * 6 + [b"\n", b"\r"]),
)
bodies = st.builds(
    lambda preamble, parts, end, epilogue: preamble + body_of(*parts, end=end) + epilogue,
    preamble=st.sampled_from([b""] * 6 + [b"\r\n", b"preamble", b"preamble\r\n", b"--"]),
    parts=st.lists(parts, max_size=4),
    end=st.sampled_from(
        [b"--boundary--\r\n"] * 6 + [b"--boundary--", b"", b"--boundary-- \r\n", b"--boundary\r\n"]
    ),
    epilogue=st.sampled_from([b""] * 6 + [b"epilogue", b"\r\n--boundary\r\n"]),
)


@given(bodies)
@example(
    body_of(part("a", b"1"), part("a", b"2"), part("f", b"data", "f.txt", [b"Content-Type: text/plain"]))
)
@example(body_of())
@example(body_of(part(data=b"")))
@example(b'--boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\n--boundary--')
@example(body_of(part(data=b"\r\n--boundaryx\r\n")))
@example(body_of(part(headers=[b"Content-Disposition: form-data; name=second"])))
def test_reads_what_werkzeug_reads(body):
    assert ours(body) == werkzeugs(body)


@given(bodies, st.integers(1, 40))
def test_chunks_of_any_size_give_the_same(body, step):
    whole, chunked = ours(body), ours(body, step)
    # Werkzeug's own answer depends on where chunks end when line ends are not CRLF.
    assert chunked in (whole, werkzeugs(body, step))


def test_browser_body_does_not_need_the_decoder(monkeypatch):
    monkeypatch.setattr(module, "MultipartReceiver", None)
    form, files = parse_multipart(
        body_of(part("a", b"1"), part("é", b"x", "ü.png", [b"Content-Type: image/png"])), B
    )
    assert form == ImmutableMultiDict({"a": "1"})
    assert files["é"].filename == "ü.png"
    assert files["é"].mimetype == "image/png"


def test_head_that_was_read_before_gives_the_same():
    body = body_of(part("again", b"1"), part("again", b"2"))
    assert ours(body) == ours(body) == werkzeugs(body)


def test_remembered_heads_do_not_fill_memory():
    limits = MultipartLimits(parts=None)
    parse_multipart(body_of(*[part(f"n{number}") for number in range(2000)]), B, limits=limits)
    parse_multipart(body_of(part("long" * 1000)), B)
    assert len(form_part._field_heads) <= 512
    assert max(map(len, form_part._field_heads)) < 256


def test_class_of_the_results_can_be_chosen():
    class Mine(MultiDict):
        def __init__(self, items=()):
            super().__init__(items)
            self.made = True

    form, files = parse_multipart(body_of(part("a", b"1")), B, cls=Mine)
    assert form.made
    assert form == Mine({"a": "1"})
    assert type(files) is Mine


def test_stream_factory_is_told_about_the_file():
    told = []

    def factory(**about):
        told.append(about)
        return io.BytesIO()

    body = body_of(part("f", b"data", "f.txt", [b"Content-Type: text/plain", b"Content-Length: 4"]))
    for parsed in (
        parse_multipart(body, B, stream_factory=factory),
        parse_multipart_stream(io.BytesIO(body), B, stream_factory=factory, content_length=len(body)),
    ):
        assert parsed[1]["f"].read() == b"data"
    expected = {
        "total_content_length": len(body),
        "filename": "f.txt",
        "content_type": "text/plain",
        "content_length": 4,
    }
    assert told == [expected, expected]


def test_large_file_goes_to_disk():
    body = body_of(part("f", b"x" * 600_000, "f.bin"))
    _, files = parse_multipart_stream(io.BytesIO(body), B)
    assert isinstance(files["f"], FileStorage)
    assert files["f"].stream._rolled
    assert len(files["f"].read()) == 600_000
    files["f"].close()


def many_parts(count, filename=None):
    return body_of(*[part(f"n{number}", filename=filename) for number in range(count)])


@pytest.mark.parametrize("parse", [parse_multipart, parse_stream])
def test_case_11_too_many_parts_are_refused(parse):
    assert len(parse(many_parts(1000), B)[0]) == 1000
    with pytest.raises(RequestEntityTooLarge, match="1000 parts"):
        parse(many_parts(1001), B)


@pytest.mark.parametrize("parse", [parse_multipart, parse_stream])
def test_case_11_too_many_files_are_refused(parse):
    assert len(parse(many_parts(100, "f"), B)[1]) == 100
    with pytest.raises(RequestEntityTooLarge, match="100 files"):
        parse(many_parts(101, "f"), B)


def test_boundaries_within_a_file_are_not_counted_as_parts():
    content = b" --boundary" * 2000
    _, files = parse_multipart(body_of(part("f", content, "f")), B)
    assert files["f"].read() == content


class CountingStream(io.BytesIO):
    """Counts the bytes read, which is how much of a body was looked at before it was refused."""

    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.mark.parametrize(
    "head", [b"X-Big: " + b"x" * 8_000_000, b"\r\n".join(b"X-%d: 1" % number for number in range(100_000))]
)
def test_case_12_huge_part_headers_are_refused_early(head):
    body = body_of(part(headers=[head]))
    with pytest.raises(RequestEntityTooLarge):
        parse_multipart(body, B)
    stream = CountingStream(body)
    with pytest.raises(RequestEntityTooLarge):
        parse_multipart_stream(stream, B)
    assert stream.taken < 300_000


def test_case_12_headers_over_their_limit_are_refused_in_one_chunk():
    body = body_of(part(headers=[b"X-Big: " + b"x" * 17_000]))
    for parse in (parse_multipart, parse_stream):
        with pytest.raises(RequestEntityTooLarge, match="headers of a part"):
            parse(body, B)


def test_a_boundary_a_little_longer_than_the_rfc_allows_is_read():
    """Werkzeug's test client makes one of 15 dashes, a word, the time and a random number."""
    boundary = b"-" * 15 + b"WerkzeugFormPart_1763855704.12345670.0012345678901234567"
    assert len(boundary) > 70
    body = (
        b"--"
        + boundary
        + b'\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--'
        + boundary
        + b"--\r\n"
    )
    assert parse_multipart(body, boundary)[0]["a"] == "1"


@pytest.mark.parametrize("boundary", [b"", b"b" * 300, b"b" * 201])
def test_case_12_bad_boundary_is_refused(boundary):
    stream = CountingStream(b"--" + boundary + b"\r\n")
    with pytest.raises(InvalidMultipart, match="boundary"):
        parse_multipart(b"", boundary)
    with pytest.raises(InvalidMultipart, match="boundary"):
        parse_multipart_stream(stream, boundary)
    assert stream.taken == 0


@pytest.mark.parametrize("start", [b"\r", b"\n", b"\r\n"])
def test_case_13_part_that_starts_with_a_line_end_is_linear(start):
    """Ten megabytes; quadratic work would take minutes."""
    content = start + b"x" * 10_000_000
    body = body_of(part("f", content, "f"))
    assert parse_multipart(body, B)[1]["f"].read() == content
    file = parse_multipart_stream(io.BytesIO(body), B)[1]["f"]
    assert file.read() == content
    file.close()


def test_case_14_huge_preamble_is_refused_early():
    stream = CountingStream(b"x" * 16_000_000 + body_of(part()))
    with pytest.raises(RequestEntityTooLarge):
        parse_multipart_stream(stream, B)
    assert stream.taken < 300_000
    with pytest.raises(RequestEntityTooLarge):
        parse_multipart(b"x" * 16_000_000 + body_of(part()), B)


def test_case_14_huge_epilogue_is_passed_over():
    body = body_of(part("a", b"1")) + b"\n" * 16_000_000
    receiver = MultipartReceiver(B)
    for start in range(0, len(body), 65536):
        receiver.feed(body[start : start + 65536])
        assert len(receiver._decoder.buffer) <= 65536
    assert receiver.finish()[0] == parse_multipart(body, B)[0] == ImmutableMultiDict({"a": "1"})


@pytest.mark.parametrize("step", [1000, 65536, 10**9])
def test_case_15_big_field_over_many_chunks_is_refused(step):
    body = body_of(part("big", b"x" * 500_001))
    receiver = MultipartReceiver(B)
    chunks = [body[start : start + step] for start in range(0, len(body), step)]
    with pytest.raises(RequestEntityTooLarge, match="'big' is larger than 500000"):
        list(map(receiver.feed, chunks))
    with pytest.raises(RequestEntityTooLarge, match="'big'"):
        parse_multipart(body, B)


@pytest.mark.parametrize(
    "value",
    [
        'form-data; name="f"; filename="good.txt"; filename*=UTF-8\'\'evil.php',
        'form-data; name="f"; filename*=UTF-8\'\'evil.php; filename="good.txt"',
        "form-data; name=f; filename=good.txt; filename*0=ev; filename*1=il.php",
        "form-data; name=f; filename=\"good.txt\"; FILENAME*=UTF-8''evil.php",
    ],
)
def test_case_19_filename_wins_over_its_extended_form(value):
    body = b"--boundary\r\nContent-Disposition: " + value.encode() + b"\r\n\r\nx\r\n--boundary--"
    for parsed in (parse_multipart(body, B), parse_stream(body, B)):
        assert parsed[1]["f"].filename == "good.txt"


def test_filename_with_a_star_inside_stays():
    body = body_of(part("f", b"x", "a; filename*=b.txt"))
    assert (
        parse_multipart(body.replace(b"; filename=", b";filename="), B)[1]["f"].filename
        == "a; filename*=b.txt"
    )


@pytest.mark.parametrize("cut", range(1, 90, 4))
def test_case_24_truncated_body_is_never_complete(cut):
    body = body_of(part("a", b"1"), part("f", b"data", "f"), end=b"--boundary--")
    for parse in (parse_multipart, parse_stream):
        with pytest.raises(InvalidMultipart):
            parse(body[:-cut], B)


@pytest.mark.parametrize("disposition", ["form-data", "form-data; filename=x", 'form-data; name*=a; name="'])
def test_part_without_a_name_is_malformed(disposition):
    body = f"--boundary\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--boundary--".encode()
    if "name*" not in disposition:
        with pytest.raises(InvalidMultipart, match="no name"):
            parse_multipart(body, B)


def test_files_are_closed_when_the_body_turns_out_malformed():
    made = []

    def factory(**about):
        made.append(io.BytesIO())
        return made[-1]

    body = body_of(part("f", b"x", "f"), part("g", b"x" * 100_000, "g"), end=b"")
    with pytest.raises(InvalidMultipart):
        parse_multipart_stream(io.BytesIO(body), B, stream_factory=factory)
    assert [file.closed for file in made] == [True, True]


def test_files_are_closed_when_reading_fails():
    made = []

    class Broken(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) or self.fail()

        def fail(self):
            raise ConnectionResetError

    def factory(**about):
        made.append(io.BytesIO())
        return made[-1]

    with pytest.raises(ConnectionResetError):
        parse_multipart_stream(Broken(part("f", b"x", "f") + part()), B, stream_factory=factory)
    assert [file.closed for file in made] == [True]
