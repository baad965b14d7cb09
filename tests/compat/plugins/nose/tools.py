"""See the package."""

from __future__ import annotations

from unittest import TestCase

_case = TestCase()
assert_equal = assert_equals = _case.assertEqual
assert_false = _case.assertFalse
assert_raises = _case.assertRaises
assert_true = _case.assertTrue
