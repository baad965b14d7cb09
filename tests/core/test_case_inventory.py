"""Every security case and fault that the package answers for is named by a test, so none is lost when files move."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

#: Hosts, URLs and proxies; bodies; cookies, signing and sessions on the server; output; files; data and isolation.
CASES = [*range(1, 51), *range(55, 63), 65, 69, 70, 71]
#: A client that goes in mid-stream; a database that restarts; an exhausted pool.
FAULTS = [5, 8, 9]

NAMED = re.compile(r"def test_\w*?(case|fault)_(\d+)(?:_and_(\d+))?_")


@pytest.fixture(scope="module")
def named():
    here = Path(__file__).resolve().parents[1]
    texts = (path.read_text() for path in here.rglob("test_*.py"))
    return {
        (kind, int(number))
        for text in texts
        for kind, *numbers in NAMED.findall(text)
        for number in numbers
        if number
    }


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_named_by_a_test(named, case):
    assert ("case", case) in named


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_a_test(named, fault):
    assert ("fault", fault) in named


def test_a_case_nobody_names_would_be_missed(named):
    assert ("case", 999) not in named
