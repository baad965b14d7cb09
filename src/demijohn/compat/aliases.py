"""The modules ``flask`` and ``flask.*``: real modules, there at once, whose names are found when asked for.

A name is in its module as soon as its home, the module of ours that has it, is loaded by anything; a look
at a name loads its home. So nobody can tell that the modules are filled late. This module must not know
which names there are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import demijohn
from demijohn.compat.kept import KeepingFinder
from demijohn.compat.names import CLASSES, MODULES, PACKAGES

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # importing it costs more than installing does (importlib.resources, tempfile)

#: Not loaded for a patch: they act when imported, or belong to servers and integrations that may be absent.
_NOT_AHEAD = (
    "demijohn.__main__",
    "demijohn.ext",
    "demijohn.compat",
    "demijohn.testing.pytest",
)


class Names:
    """The names of one module of ``flask``: those that are there, and those that wait to be asked for.

    :param module: The name of the module.
    :param namespace: Its dictionary.
    """

    def __init__(self, module: str, namespace: dict[str, Any]) -> None:
        sources = MODULES[module]
        self.module = module
        self.namespace = namespace
        #: Names that were not found yet: the module to take them from, and their name there.
        self.pending = dict(pair for source in sources.items() for pair in _entries(*source))
        #: What is asked for a name that is not in the table.
        self.fallback = self.pending.pop("__getattr__", None)
        #: Where else a name is replaced. Not for Flask's own face, whose names nothing in it uses.
        self.homes = [name for name in sources if name.startswith("demijohn") and module != "flask"]

    def find(self, name: str) -> Any:
        """The module's ``__getattr__``: load where the name comes from.

        In the module's own namespace rather than in the class, where it would slow down every look.

        :raises AttributeError: for a name that is not in the table.
        """
        entry = self.pending.get(name)
        if entry is not None:
            value = _take(*entry)
            if name in self.pending:  # no home has put it there while it was loaded
                self.bind(name, value)
        if name in self.namespace:  # by now, or since another thread has put it there
            return self.namespace[name]
        if self.fallback is not None:
            return _take(*self.fallback)(name)
        raise AttributeError(f"module {self.module!r} has no attribute {name!r}")

    def find_all(self) -> dict[str, Any]:
        """The namespace, complete."""
        for name in list(self.pending):
            self.find(name)
        return self.namespace

    def bind(self, name: str, value: Any) -> None:
        """Put a name of the table where it belongs."""
        self.pending.pop(name, None)
        self.namespace[name] = value

    def before_set(self, name: str, value: Any) -> None:
        """A name is about to be set: where it has one of ours, replace that in its homes."""
        if self.homes and name in self.pending:
            self.find(name)
        self.pending.pop(name, None)
        known = self.namespace.get(name)
        if known is None or known is value or not self._holding(name, known):
            return
        # What is loaded later would take the new value, and keep it when the patch is undone.
        _load_all()
        for home in self._holding(name, known):
            setattr(home, name, value)

    def _holding(self, name: str, value: Any) -> list[ModuleType]:
        loaded = [_keeping.kept[home] for home in self.homes if home in _keeping.kept]
        return [home for home in loaded if vars(home).get(name) is value]


class AliasModule(ModuleType):
    """A module of another's names. Replacing a name here replaces it where it is used from, too.

    COMPAT: tests patch ``flask.helpers.X`` and the like, and expect the functions of that module to
    see it (pytest's monkeypatch, unittest.mock).
    """

    __slots__ = ("demijohn_names",)
    demijohn_names: Names

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name}: this package under Flask's name.")
        names = Names(name, super().__dict__)
        super().__setattr__("demijohn_names", names)
        names.namespace["__getattr__"] = names.find

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        # Whoever wants all names (`import *`, vars(), inspect.getmembers()) gets them.
        return self.demijohn_names.find_all()

    def __dir__(self) -> list[str]:
        names = self.demijohn_names
        return sorted({*names.namespace, *names.pending})

    def __setattr__(self, name: str, value: Any) -> None:
        self.demijohn_names.before_set(name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if self.demijohn_names.pending.pop(name, None) is None:
            super().__delattr__(name)


class AliasFinder(Loader):
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
            return ModuleSpec(fullname, _MainLoader(), origin=_file("demijohn.cli"))
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


class _MainLoader(Loader):
    """``flask.__main__``, which acts when it is run."""

    def create_module(self, spec: ModuleSpec) -> None:
        """An empty module will do."""

    def get_code(self, fullname: str) -> CodeType:
        return compile(
            "from demijohn.cli import main\nif __name__ == '__main__': main()", f"<{fullname}>", "exec"
        )

    def exec_module(self, module: ModuleType) -> None:
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102 (the text above)


def is_ours(module: ModuleType) -> bool:
    """Whether a module is one of this package's, under whatever name."""
    return isinstance(module, AliasModule) or module.__name__.partition(".")[0] == "demijohn"


def namespace_of(module: ModuleType) -> dict[str, Any]:
    """What a module has by now, for who adds to it: it is not looked at as a whole."""
    return module.demijohn_names.namespace if isinstance(module, AliasModule) else vars(module)


def put(cls: type, *modules: str) -> None:
    """Let modules of ``flask`` have a class, which says that it is from the last one."""
    for name in modules:
        _finder.made[name].demijohn_names.bind(cls.__name__, cls)
        cls.__module__ = name


def make_flask() -> None:
    """Put every module of ``flask`` into ``sys.modules``."""
    made = _finder.made
    for name, sources in MODULES.items():
        made[name] = _make(name, sources)
        for source in sources:
            _by_source.setdefault(source, []).append(made[name].demijohn_names)
    for name, module in made.items():
        parent, _, own = name.rpartition(".")
        if parent:
            namespace_of(made[parent])[own] = module
    _keeping.begin()
    sys.modules.update(made)
    sys.meta_path.insert(0, _finder)


def _make(name: str, sources: dict[str, str]) -> AliasModule:
    module = AliasModule(name)
    file = _file(next(source for source in sources if source.startswith("demijohn")))
    spec = ModuleSpec(name, _finder, origin=file, is_package=name in PACKAGES)
    spec.has_location = True
    namespace = namespace_of(module)
    if name in PACKAGES:
        namespace["__path__"] = spec.submodule_search_locations = []
    namespace.update(
        __spec__=spec,
        __loader__=_finder,
        __file__=file,
        __package__=name if name in PACKAGES else name.rpartition(".")[0],
    )
    return module


def _file(home: str) -> str:
    """The file of a module of ours, which need not be loaded."""
    path = os.path.join(demijohn.__path__[0], *home.split(".")[1:])
    return os.path.join(path, "__init__.py") if os.path.isdir(path) else f"{path}.py"


def _entries(source: str, names: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each name of an entry of the table, where it is taken from, and under which name: none is the module."""
    for entry in names.split():
        old, _, new = entry.partition("=")
        yield old, (source, "" if new == "*" else new or old)


def _take(source: str, name: str) -> Any:
    if source == "TypeVar":
        return _new_type_variable(name)
    module = import_module(source)
    if name and not hasattr(module, name):
        # Not an AttributeError, which would read as if the alias had no such name, or no __dict__.
        raise ImportError(f"compat/names.py takes {name!r} from {source}, which does not have it.")
    return getattr(module, name) if name else module


_new_type_variable: Callable[[str], Any] = TypeVar


def _note(source: str, home: ModuleType) -> None:
    """A module was loaded: what the tables take from it is there from now on, and as it is now."""
    there = vars(home)
    for module, classes in CLASSES.get(source, {}).items():
        for cls in classes.split():
            if cls in there:  # a module that is being loaded while this is installed may not have it yet
                there[cls].__module__ = module
    for names in _by_source.pop(source, ()):
        for own, (_, name) in _entries(source, MODULES[names.module][source]):
            # What it has by a `__getattr__` of its own waits until it is asked for.
            if own in names.pending and (not name or name in there):
                names.bind(own, there[name] if name else home)


def _load_all() -> None:
    """Load all of this package, as far as it stands below the rooms."""
    for name in (*_names_below("demijohn", demijohn.__path__), *_by_source):
        if name.startswith("demijohn"):
            import_module(name)


def _names_below(package: str, path: Iterable[str]) -> Iterator[str]:
    # Only for patches, which tests make.
    from pkgutil import iter_modules

    for found in iter_modules(path, f"{package}."):
        if not found.name.startswith(_NOT_AHEAD):
            yield found.name
            if found.ispkg:
                yield from _names_below(found.name, import_module(found.name).__path__)


_finder = AliasFinder()
#: The modules that take names from a source that was not loaded yet.
_by_source: dict[str, list[Names]] = {}
_keeping = KeepingFinder(_note)
