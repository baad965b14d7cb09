"""Every security case that the core answers for is named by a test, so that none is lost when files move."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

#: Hosts, URLs and proxies; bodies; cookies and signing; output; files; isolation.
CASES = [*range(1, 11), 17, 18, 24, *range(26, 34), 42, 43, 49, 50, 56, 57, 58, 71]

NAMED = re.compile(r"def test_\w*?case_(\d+)(?:_and_(\d+))?_")


@pytest.fixture(scope="module")
def named():
    here = Path(__file__).resolve().parents[1]
    texts = (path.read_text() for path in here.rglob("test_*.py"))
    return {int(number) for text in texts for pair in NAMED.findall(text) for number in pair if number}


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_named_by_a_test(named, case):
    assert case in named


def test_a_case_nobody_names_would_be_missed(named):
    assert 999 not in named
