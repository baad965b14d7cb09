"""Modules that a process loads once: this package's, and those of the packages it stands on as Flask does.

COMPAT: fixtures drop from ``sys.modules`` what a test imported first (Flask's own ``test_apps``, pytest's
``pytester``), so that it is imported anew. With Flask that concerns the application; its own modules are
loaded by then. Here a module is loaded when something of it is asked for, which may well be in a test, and
a second copy would have classes and signals of its own that nobody else knows.

This module must not know whose names the modules have under Flask.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # importing it costs more than installing does (importlib.resources, tempfile)

__all__ = ["KeepingFinder"]

_PACKAGES = frozenset(
    {"demijohn", "blinker", "click", "itsdangerous", "jinja2", "markupsafe", "msgspec", "werkzeug"}
)
#: Imported anew each time: it acts when it is imported.
_ACTS = frozenset({"demijohn.compat.served"})
#: Dropped together with the libraries they stand on, which are not kept.
_ROOMS = "demijohn.ext."


def _is_kept(name: str) -> bool:
    if name.partition(".")[0] not in _PACKAGES:
        return False
    return not (name in _ACTS or name.startswith(_ROOMS) or name.endswith("__main__"))


class KeepingFinder:
    """Finds modules as the other finders do, notes each that was loaded, and gives the same one again.

    :param loaded: What is called with a module's name and the module, once it is loaded.
    """

    def __init__(self, loaded: Callable[[str, ModuleType], None]) -> None:
        self.kept: dict[str, ModuleType] = {}
        self._loaded = loaded

    def begin(self) -> None:
        """Keep what is loaded already, and all that is loaded from now on."""
        for name, module in list(sys.modules.items()):
            if _is_kept(name) and isinstance(module, ModuleType):
                self.note(name, module)
        sys.meta_path.insert(0, self)

    def note(self, name: str, module: ModuleType) -> None:
        """Keep a module that is loaded."""
        self.kept[name] = module
        self._loaded(name, module)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the next finder that knows the module; None for one that is not kept."""
        if not _is_kept(fullname):
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(fullname, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    # With a target it is a reload, which is to run the module's code again.
                    known = self.kept.get(fullname) if target is None else None
                    spec.loader = _NotingLoader(spec.loader, self, known)
                return spec
        return None


class _NotingLoader(Loader):
    """Loads a module as its own loader does and notes it, or gives back the one that was loaded before.

    :param own: The module's own loader, which is left on it.
    :param finder: Who is told.
    :param known: The module, if it was loaded.
    """

    def __init__(self, own: Any, finder: KeepingFinder, known: ModuleType | None) -> None:
        self._own = own
        self._finder = finder
        self._known = known

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module that was loaded, else a new one."""
        return self._own.create_module(spec) if self._known is None else self._known

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, unless that was done."""
        spec = module.__spec__
        assert spec is not None
        spec.loader = module.__loader__ = self._own
        if module is not self._known:
            self._own.exec_module(module)
            # A module may have put another in its place.
            self._finder.note(spec.name, sys.modules.get(spec.name, module))

    def __getattr__(self, name: str) -> Any:
        # What runs a module, or reads its source and data, without importing it.
        return getattr(self._own, name)
