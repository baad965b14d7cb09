from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.http.sse import ServerSentEvent


def test_fields_are_written_one_to_a_line():
    event = ServerSentEvent("hello", event="greeting", id=7, retry=1000, comment="note")
    assert event.encode() == b": note\nevent: greeting\nid: 7\nretry: 1000\ndata: hello\n\n"


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_every_line_of_data_and_comment_is_marked(line_end):
    text = f"a{line_end}id: 1{line_end}"
    assert ServerSentEvent(text).encode() == b"data: a\ndata: id: 1\ndata: \n\n"
    assert ServerSentEvent(comment=text).encode() == b": a\n: id: 1\n: \n\n"


def test_empty_data_is_data():
    assert ServerSentEvent("").encode() == b"data: \n\n"


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\r\ndata: x", "a\0"])
@pytest.mark.parametrize("field", ["id", "event"])
def test_case_45_field_with_a_line_end_is_refused(field, bad):
    with pytest.raises(ValueError, match=f"{field} of a server-sent event"):
        ServerSentEvent("x", **{field: bad})


@pytest.mark.parametrize("retry", ["1\ndata: x", -1, 1.5, True])
def test_case_45_retry_is_a_whole_number(retry):
    with pytest.raises(ValueError, match="retry must be a whole number"):
        ServerSentEvent("x", retry=retry)


@given(st.text())
def test_data_comes_out_as_a_client_reads_it(text):
    lines = ServerSentEvent(text).encode().decode().removesuffix("\n\n").split("\n")
    assert all(line.startswith("data: ") for line in lines)
    read = "\n".join(line.removeprefix("data: ") for line in lines)
    assert read == text.replace("\r\n", "\n").replace("\r", "\n")
