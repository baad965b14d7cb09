"""A plugin of pytest, for tests written for nose and for a Flask of that time.

A test function that yields its tests is run with all that it yields; ``flask.signals`` says that there are signals.
"""

from __future__ import annotations

from inspect import isgeneratorfunction

import pytest


def pytest_collection():
    # Not earlier: by now it is decided whose Flask this is.
    import flask.signals

    if not hasattr(flask.signals, "signals_available"):
        flask.signals.signals_available = True


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
