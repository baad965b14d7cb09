from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.http.plaintext import escape_control


def test_case_49_control_characters_are_shown_on_one_line():
    assert escape_control("/a\n\x1b[31mred\r\0") == r"/a\n\x1b[31mred\r\x00"


@pytest.mark.parametrize(
    ("char", "shown"),
    [("\x9b", r"\x9b"), ("\u2028", r"\u2028"), ("\u202e", r"\u202e"), ("\ud800", r"\ud800")],
)
def test_what_else_would_break_or_turn_the_line(char, shown):
    assert escape_control(f"a{char}b") == f"a{shown}b"


def test_ordinary_text_is_left_alone():
    text = "/é/☃ a\xa0b\u3000c"
    assert escape_control(text) == text


@given(st.text())
def test_result_is_one_encodable_line(text):
    escaped = escape_control(text)
    assert len(escaped.splitlines()) <= 1
    escaped.encode()
