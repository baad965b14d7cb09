"""Text from outside, made fit for one line of a log or a terminal.

This module must not know of loggers.
"""

from __future__ import annotations

import re

#: C0, DEL, C1; separators of lines and paragraphs; direction marks and overrides, which show
#: ``exe.txt`` for ``txt.exe``; lone surrogates. Compiled when first used: it takes 0.4 ms.
UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"


def escape_control(text: str) -> str:
    r"""``text`` with characters that end or restyle a line shown as ``\x1b``, ``\n``, ``\u202e``."""
    if text.isprintable():
        return text
    return re.sub(UNPRINTABLE, lambda found: ascii(found.group())[1:-1], text)
