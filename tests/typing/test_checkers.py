"""Type checkers see the public names as users need them: an application typed strictly passes both."""

from __future__ import annotations

import pytest
from tests.support.checkers import CHECKERS, READ_BY_CHECKERS, complaints
from tests.support.servers import ROOT

pytestmark = [*READ_BY_CHECKERS, pytest.mark.parametrize("checker", CHECKERS)]


def test_an_application_typed_strictly_passes(checker):
    """Every `assert_type` of the sample holds, and nothing it calls returns `Any` unawares."""
    assert complaints(checker, "tests/typing/samples/views.py") == []


def test_a_wrong_use_is_found(checker):
    """The checkers do look: what `wrong.py` does wrong in each line is reported."""
    sample = "tests/typing/samples/wrong.py"
    told = "\n".join(complaints(checker, sample))
    for number, line in enumerate((ROOT / sample).read_text().splitlines(), 1):
        if "# wrong" in line:
            assert f"wrong.py:{number}:" in told, f"{checker} lets line {number} pass: {line}"
