"""What Flask-RESTful's tests import from nose, which runs on no Python of today."""

from __future__ import annotations

from unittest import SkipTest

__all__ = ["SkipTest"]
