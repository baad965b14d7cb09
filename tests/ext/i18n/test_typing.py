"""What type checkers make of the public names: texts, lazy texts, locales, dates and numbers."""

from __future__ import annotations

import pytest
from tests.support.checkers import CHECKERS, READ_BY_CHECKERS, complaints

pytestmark = READ_BY_CHECKERS


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_public_names_have_their_types(checker):
    assert complaints(checker, "tests/ext/i18n/typed_sample.py") == []
