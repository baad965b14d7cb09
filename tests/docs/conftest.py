"""Load the documentation's example files as a reader would run them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
def load_example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """A function that imports `docs/examples/<name>.py`, or a package there, afresh for each test."""
    loaded: list[str] = []

    def load(name: str) -> ModuleType:
        path = EXAMPLES / name
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        # The file's folder is where Python would look for its neighbours.
        monkeypatch.syspath_prepend(str(path.parent))
        before = set(sys.modules)
        spec = importlib.util.spec_from_file_location(path.stem, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        loaded.extend(
            {path.stem, *(new for new in set(sys.modules) - before if new.startswith(f"{path.stem}."))}
        )
        return module

    yield load
    for name in loaded:
        sys.modules.pop(name, None)
