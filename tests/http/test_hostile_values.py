"""Case 20 for the parsers that are Werkzeug's: sixty kilobytes of separators are no burden.

Linear work is 10 to 40 ms here, quadratic work is minutes, so the bound can be wide.
"""

from __future__ import annotations

import time

import pytest
from werkzeug.datastructures import Authorization
from werkzeug.http import parse_accept_header, parse_dict_header, parse_etags, parse_options_header

PARSERS = {
    "Accept": (parse_accept_header, "text/html,"),
    "Authorization": (Authorization.from_header, "Digest "),
    "Cache-Control": (parse_dict_header, ""),
    "Content-Type": (parse_options_header, "multipart/form-data;"),
    "ETag": (parse_etags, '"a",'),
}
UNITS = [
    '"',
    ",",
    ";",
    "\\",
    "=",
    " ",
    'a="',
    '",',
    ';a="\\"',
    "a=b;",
    'W/"a",',
    ";a*=",
    'a*0="x";',
    ",q=0.5",
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("header", PARSERS)
def test_case_20_hostile_value_is_parsed_in_linear_time(header, unit):
    parse, start = PARSERS[header]
    began = time.process_time()
    parse(start + (unit * 60_000)[:60_000])
    assert time.process_time() - began < 1
