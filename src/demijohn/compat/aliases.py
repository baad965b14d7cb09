"""The modules ``flask`` and ``flask.*``: real modules, all made at once, whose contents are ours.

All at once, because a submodule that were imported later could be loaded a second time, with classes
and signals of its own that nobody else listens to. This module must not know which names there are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from pkgutil import walk_packages
from types import CodeType, ModuleType
from typing import Any, TypeVar

import demijohn
from demijohn import __main__ as cli_main
from demijohn.compat.names import CLASSES, MODULES, PACKAGES

#: Not imported ahead: they act when imported, or belong to servers and integrations that may be absent.
_NOT_AHEAD = (
    "demijohn.__main__",
    "demijohn.ext",
    "demijohn.compat",
    "demijohn.pytest_plugin",
    "demijohn.testing.pytest",
)


class AliasModule(ModuleType):
    """A module of another's names. Replacing a name here replaces it where it is used from, too.

    COMPAT: tests patch ``flask.helpers.X`` and the like, and expect the functions of that module to
    see it (pytest's monkeypatch, unittest.mock).
    """

    demijohn_homes: tuple[ModuleType, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        known = self.__dict__.get(name)
        super().__setattr__(name, value)
        if known is None:
            return
        for home in self.demijohn_homes:
            if vars(home).get(name) is known:
                setattr(home, name, value)


class AliasFinder:
    """Finds these modules again where they were dropped from ``sys.modules``: the same ones.

    COMPAT: fixtures that forget modules to import an application anew, ``importlib.reload``,
    ``python -m flask`` under :mod:`demijohn.compat.__main__`.
    """

    def __init__(self) -> None:
        self.made: dict[str, AliasModule] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of a module that was made, else None."""
        if fullname == "flask.__main__":
            return ModuleSpec(fullname, _MainLoader(), origin=cli_main.__file__)  # type: ignore[arg-type]
        module = self.made.get(fullname)
        return None if module is None else module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module that was made."""
        return self.made.get(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: its contents are there."""

    def is_package(self, fullname: str) -> bool:
        """Whether the module contains others."""
        return fullname in PACKAGES

    def get_filename(self, fullname: str) -> str:
        """The file of the module most of its names come from."""
        return str(self.made[fullname].__file__)

    def get_source(self, fullname: str) -> None:
        """None: there is no file of this name."""


class _MainLoader:
    """``flask.__main__``, which acts when it is run."""

    def create_module(self, spec: ModuleSpec) -> None:
        """An empty module will do."""

    def get_code(self, fullname: str) -> CodeType:
        return compile(
            "from demijohn.cli import main\nif __name__ == '__main__': main()", f"<{fullname}>", "exec"
        )

    def exec_module(self, module: ModuleType) -> None:
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102 (the text above)


_finder = AliasFinder()


def is_ours(module: ModuleType) -> bool:
    """Whether a module is one of this package's, under whatever name."""
    return isinstance(module, AliasModule) or module.__name__.partition(".")[0] == "demijohn"


def make_flask() -> None:
    """Put every module of ``flask`` into ``sys.modules``."""
    # COMPAT: what a test imports first, some fixtures drop again (Flask's own `test_apps`), and a
    # second copy of one of our modules would have classes of its own.
    for found in walk_packages(demijohn.__path__, "demijohn."):
        if not found.name.startswith(_NOT_AHEAD):
            import_module(found.name)
    made = _finder.made
    made.update({name: _make(name, sources) for name, sources in MODULES.items()})
    for name, classes in CLASSES.items():
        for own in classes.split():
            vars(made[name])[own].__module__ = name
    for name, module in made.items():
        parent, _, own = name.rpartition(".")
        if parent:
            made[parent].__dict__[own] = module
    sys.modules.update(made)
    sys.meta_path.insert(0, _finder)  # type: ignore[arg-type]


def _make(name: str, sources: dict[str, str]) -> AliasModule:
    homes = [import_module(source) for source in sources if source.startswith("demijohn")]
    module = AliasModule(name, f"{name}: this package under Flask's name.")
    namespace = module.__dict__
    for source, names in sources.items():
        for entry in names.split():
            old, _, new = entry.partition("=")
            namespace[old] = _find(source, new or old)
    spec = ModuleSpec(name, _finder, origin=homes[0].__file__, is_package=name in PACKAGES)  # type: ignore[arg-type]
    spec.has_location = True
    if name in PACKAGES:
        namespace["__path__"] = spec.submodule_search_locations = []
    namespace.update(
        __spec__=spec,
        __loader__=spec.loader,
        __file__=homes[0].__file__,
        __package__=name if name in PACKAGES else name.rpartition(".")[0],
        demijohn_homes=tuple(home for home in homes if name != "flask"),
    )
    return module


def _find(source: str, name: str) -> Any:
    if source == "TypeVar":
        return TypeVar(name)  # type: ignore[misc]
    module = import_module(source)
    return module if name == "*" else getattr(module, name)
