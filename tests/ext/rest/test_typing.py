"""What type checkers make of typed views: `typed` and the routes of an Api keep their signatures."""

from __future__ import annotations

import pytest
from tests.support.checkers import CHECKERS, READ_BY_CHECKERS, complaints

pytestmark = READ_BY_CHECKERS


@pytest.mark.parametrize("checker", CHECKERS)
def test_views_keep_their_signatures(checker):
    assert complaints(checker, "tests/ext/rest/typed_sample.py") == []
