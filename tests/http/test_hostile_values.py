"""Case 20 for the parsers that are Werkzeug's: sixty kilobytes of separators are no burden.

Linear work is 10 to 40 ms here, quadratic work is minutes, so the bound can be wide.
"""

from __future__ import annotations

import time

import pytest

from demijohn import Request

#: By field: the attribute of a request that reads it, and how the value begins.
READ = {
    "HTTP_ACCEPT": ("accept_mimetypes", "text/html,"),
    "HTTP_AUTHORIZATION": ("authorization", "Digest "),
    "HTTP_CACHE_CONTROL": ("cache_control", ""),
    "CONTENT_TYPE": ("mimetype_params", "multipart/form-data;"),
    "HTTP_IF_NONE_MATCH": ("if_none_match", '"a",'),
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
@pytest.mark.parametrize("field", READ)
def test_case_20_hostile_value_is_parsed_in_linear_time(field, unit):
    attribute, start = READ[field]
    request = Request({field: start + (unit * 60_000)[:60_000]})
    began = time.process_time()
    getattr(request, attribute)
    assert time.process_time() - began < 1
