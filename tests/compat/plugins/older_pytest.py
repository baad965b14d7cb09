"""A name that Flask's conftest and tests import from pytest, as pytest had it before 9."""

from __future__ import annotations

import _pytest.monkeypatch

if not hasattr(_pytest.monkeypatch, "notset"):
    _pytest.monkeypatch.notset = _pytest.monkeypatch.NOTSET  # type: ignore[attr-defined]
