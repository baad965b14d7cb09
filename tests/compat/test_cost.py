"""What compatibility adds to a request, counted in functions entered; ``bench`` has it in time.

What can be seen of Flask's behaviour may cost a little, but no second way through a request may grow
beside the first one.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from bench.apps import flask_api
from bench.cases import BY_NAME
from bench.drivers import driver_of
from tests.bench.counting import calls_per_request

import demijohn
from demijohn.compat.app import Flask

#: Case -> functions that compatibility may add to those of the same request natively.
ADDED = {"hello": 3, "form": 4, "session-read": 3, "session-write": 3}


def _calls(package, name):
    case = BY_NAME[name]
    driver = driver_of(case, "wsgi", flask_api.build(package, case.kind), None, most_visitors=20)
    for _ in range(3):
        assert case.check(driver.once()) is None
    return calls_per_request(driver)


@pytest.mark.serial
@pytest.mark.parametrize("name", ADDED)
def test_a_request_enters_few_functions_more_than_natively(name):
    package = SimpleNamespace(**{public: getattr(demijohn, public) for public in demijohn.__all__})
    package.Flask = Flask
    assert _calls(package, name) <= _calls(demijohn, name) + ADDED[name]
