"""What type checkers infer: rows of a select are of the model's class, and so on (typed_*.py)."""

from __future__ import annotations

import pytest
from tests.support.checkers import READ_BY_CHECKERS, complaints

pytestmark = READ_BY_CHECKERS


@pytest.mark.parametrize("sample", ["typed_sample.py", "typed_silenced.py"])
def test_mypy_infers_the_classes_of_models(sample):
    assert complaints("mypy", f"tests/ext/database/{sample}") == []


@pytest.mark.parametrize("sample", ["typed_sample.py", "typed_model_attribute.py"])
def test_pyright_infers_the_classes_of_models(sample):
    assert complaints("pyright", f"tests/ext/database/{sample}") == []
