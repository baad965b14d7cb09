"""A plugin of pytest: a test function that yields its tests, as nose had them, is run with all that it yields."""

from __future__ import annotations

from inspect import isgeneratorfunction

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector, name, obj):
    if not (collector.istestfunction(obj, name) and isgeneratorfunction(obj)):
        return None
    return pytest.Function.from_parent(collector, name=name, callobj=_all_of(obj))


def _all_of(generator):
    def run():
        for check, *arguments in generator():
            check(*arguments)

    return run
