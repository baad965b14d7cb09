"""Which extensions of Flask are rooms of this package, and the finder that leads to them.

A room is imported when it is first asked for. To add one, add its line to :data:`ROOMS`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from demijohn.compat import distribution
from demijohn.later import later

if TYPE_CHECKING:
    from importlib.abc import Loader

    from demijohn.compat import requirements
else:
    Loader = object  # importing it costs more than installing does (importlib.resources, tempfile)
    requirements = later("demijohn.compat.requirements")  # 15 % of an import, by importlib.metadata

#: The extension's import name, and the room with its names.
ROOMS = {
    "flask_babel": "demijohn.ext.i18n",
    "flask_dance": "demijohn.ext.oauth",
    "flask_limiter": "demijohn.ext.ratelimit",
    "flask_login": "demijohn.ext.login",
    "flask_migrate": "demijohn.ext.migrations",
    "flask_restful": "demijohn.ext.rest",
    "flask_sijax": "demijohn.ext.ajax",
    "flask_socketio": "demijohn.ext.realtime",
    "flask_sqlalchemy": "demijohn.ext.database",
    "flask_uploads": "demijohn.ext.uploads",
    "flask_wtf": "demijohn.ext.forms",
}

#: What makes a room what its extension was, where an application's policy cannot: its ``adapt()`` is called when the
#: alias is imported.
ADAPTED = {"flask_dance": "demijohn.compat.dance", "flask_limiter": "demijohn.compat.limiter"}

#: The release of the extension's distribution whose interface a room gives, for ``importlib.metadata``. An
#: extension that is not here has no distribution unless it is installed.
DISTRIBUTIONS = {
    "flask_babel": ("Flask-Babel", "4.0.0"),
    "flask_dance": ("Flask-Dance", "7.1.0"),
    "flask_limiter": ("Flask-Limiter", "4.1.1"),
    "flask_login": ("Flask-Login", "0.6.3"),
    "flask_migrate": ("Flask-Migrate", "4.1.0"),
    "flask_restful": ("Flask-RESTful", "0.3.10"),
    "flask_sijax": ("Flask-Sijax", "0.4.1"),
    "flask_socketio": ("Flask-SocketIO", "5.7.0"),
    "flask_sqlalchemy": ("Flask-SQLAlchemy", "3.1.1"),
    "flask_wtf": ("Flask-WTF", "1.3.0"),
    "flask_uploads": ("Flask-Reuploaded", "1.6.0"),
}

#: Another distribution with the same import name, whose interface the room has as well.
OLDER_DISTRIBUTIONS = {"flask_uploads": ("Flask-Uploads", "0.2.1")}

#: The libraries that a room cannot do without; which versions it needs is in our own metadata.
LIBRARIES = {
    "flask_babel": ("babel",),
    "flask_dance": ("authlib", "joserfc", "requests"),
    "flask_limiter": ("limits",),
    "flask_migrate": ("alembic", "sqlalchemy"),
    "flask_socketio": ("python-socketio",),
    "flask_sqlalchemy": ("sqlalchemy",),
    "flask_wtf": ("wtforms",),
}


def exists(room: str) -> bool:
    """Whether this package has a room."""
    try:
        return find_spec(room) is not None
    except ModuleNotFoundError:  # its parent is missing too
        return False


def chosen(extensions: bool | Iterable[str]) -> list[str]:
    """The import names that ``install(extensions=...)`` asks for.

    :raises ValueError: for a name that no room of this package stands for.
    """
    if extensions is False:
        return []
    there = [name for name, room in ROOMS.items() if exists(room)]
    if extensions is True:
        return there
    wanted = [extensions] if isinstance(extensions, str) else list(extensions)
    unknown = sorted(set(wanted) - set(there))
    if unknown:
        known = ", ".join(there) or "none yet"
        raise ValueError(f"demijohn has nothing in the place of {', '.join(unknown)}. It has: {known}.")
    return wanted


class RoomFinder:
    """Finds a room where the extension's name, or a module below it, is imported."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec whose loader gives the room's own module."""
        top, dot, below = fullname.partition(".")
        if top not in self.names:
            return None
        wrong = None if dot or top not in LIBRARIES else requirements.too_old(LIBRARIES[top])
        if wrong is not None:
            return self._find_installed(top, wrong)
        room = ROOMS[top] + dot + below
        if not exists(room):
            return None
        return ModuleSpec(fullname, OtherLoader(room), is_package=True)

    def _find_installed(self, name: str, wrong: str) -> ModuleSpec:
        """The spec of the extension itself, which is taken from now on; without one, of an error."""
        self.names.remove(name)
        spec = find_spec(name)
        if spec is None:
            self.names.add(name)
            return ModuleSpec(
                name, _RefusingLoader(f"{name} is {ROOMS[name]} here, which cannot be used: {wrong}.")
            )
        for table in (DISTRIBUTIONS, OLDER_DISTRIBUTIONS):
            if name in table:
                distribution.leave(table[name][0])
        warnings.warn(
            f"The installed {name} is used rather than {ROOMS[name]}: {wrong}.", UserWarning, stacklevel=3
        )
        return spec


class _RefusingLoader(Loader):
    """Says why a module cannot be loaded, to who loads it: who only looks whether it is there is not told."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def create_module(self, spec: ModuleSpec) -> NoReturn:
        """Nothing.

        :raises ImportError: always, with the reason.
        """
        raise ImportError(self.reason, name=spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Never called, but asked for."""


class OtherLoader(Loader):
    """Gives the module of another name.

    :param other: The name it is imported by.
    """

    def __init__(self, other: str) -> None:
        self.other = other

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The other module."""
        module = import_module(self.other)
        if spec.name in ADAPTED:
            import_module(ADAPTED[spec.name]).adapt()
        # The import system writes the alias' spec onto the module; what it was must come back.
        spec.loader_state = {name: vars(module).get(name) for name in _OWN}
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put it under the new name, as it was."""
        spec = module.__spec__
        assert spec is not None
        sys.modules[spec.name] = module
        for name, value in (spec.loader_state or {}).items():
            setattr(module, name, value)


_OWN = ("__spec__", "__loader__", "__package__", "__name__", "__path__", "__file__")

_finder = RoomFinder()


def redirect(names: Iterable[str]) -> None:
    """Let these import names lead to their rooms from now on."""
    for name in names:
        _finder.names.add(name)
        for table in (DISTRIBUTIONS, OLDER_DISTRIBUTIONS):
            if name in table:
                distribution.answer_for(*table[name])
    if _finder.names and _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
