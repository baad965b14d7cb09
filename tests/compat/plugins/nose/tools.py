"""The checks as functions that Flask-RESTful's tests import from nose."""

from __future__ import annotations

from unittest import TestCase

__all__ = ["assert_equal", "assert_equals", "assert_false", "assert_raises", "assert_true"]

_case = TestCase()
assert_equal = assert_equals = _case.assertEqual
assert_false = _case.assertFalse
assert_raises = _case.assertRaises
assert_true = _case.assertTrue
