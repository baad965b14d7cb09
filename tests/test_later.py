"""A module that is put off is imported with the first look at it, and then stands there itself."""

from __future__ import annotations

import subprocess
import sys


def test_a_put_off_module_takes_the_place_of_its_stand_in():
    program = """
import sys
from demijohn.later import later
colorsys = later("colorsys")
assert "colorsys" not in sys.modules and "later" in repr(colorsys)
assert colorsys.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
assert colorsys is sys.modules["colorsys"]
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_put_off_module_that_is_missing_says_so_when_it_is_used():
    program = """
from demijohn.later import later
missing = later("demijohn.no_such_module")
try:
    missing.anything
except ModuleNotFoundError as e:
    assert "no_such_module" in str(e)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", program], check=True)
