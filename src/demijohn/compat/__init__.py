"""Run unmodified Flask applications and extensions on this package.

::

    import demijohn.compat
    demijohn.compat.install()       # before anything imports flask

    from legacy.application import app      # imports flask, flask_login ...: this package

From then on ``flask`` and all of ``flask.*`` are this package, also when Flask is installed, and an
application made of ``flask.Flask`` behaves as Flask 3.1's does. What imports this package by its own
name is not changed. Without an edit of the old code: ``python -m demijohn.compat script.py``,
``demijohn run --compat``, ``pytest -p demijohn.compat.pytest``.

This leaves alone: extensions that are not one of ours (they are imported as installed, and run on this
package), and Werkzeug, Jinja, Click and itsdangerous, which are the real ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from demijohn.compat import aliases, distribution, extensions as rooms
from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.compat import older
else:
    older = later("demijohn.compat.older")  # 90 % of an import; of no use at the level of today

__all__ = ["AlreadyImported", "install", "install_from_environment", "installed_level"]

#: What can be asked for: today's Flask; the same with names of older releases; and with JSON taken
#: from requests as in Flask 2.0.
LEVELS = ("3.1", "2.2", "2.0")

_level: str | None = None


class AlreadyImported(RuntimeError):
    """Flask itself was imported before it could be replaced."""


def install(level: str = "3.1", extensions: bool | Iterable[str] = True) -> None:
    """Make ``flask`` and its family resolve to this package, for the whole process.

    Call it before anything imports Flask. Calling it again with the same level does nothing.

    :param level: ``"3.1"``; ``"2.2"`` for names that were removed since too, each with a warning that
        says what replaces it; ``"2.0"`` for JSON as requests gave it then, besides.
    :param extensions: True for every ``flask_x`` that this package has, False to keep the installed
        ones, or the import names of those to replace.
    :raises AlreadyImported: when the real ``flask`` (or an extension to be replaced) is imported.
    :raises ValueError: for a level or an extension that is not known, or another level than before.
    """
    global _level
    if level not in LEVELS:
        raise ValueError(f"level={level!r} is not known: {' or '.join(map(repr, LEVELS))}.")
    wanted = rooms.chosen(extensions)
    if _level is not None and level != _level:
        raise ValueError(
            f"demijohn.compat is installed with level={_level!r} and cannot be changed to {level!r}."
        )
    _refuse_real_ones(wanted)
    if _level is None:
        distribution.answer_for_flask()
        aliases.make_flask()
        if level != "3.1":
            older.bring_back(level)
        _level = level
    rooms.redirect(wanted)


def install_from_environment() -> None:
    """:func:`install` as environment variables say, for processes that nobody passes arguments to.

    ``DEMIJOHN_COMPAT`` is the level, 3.1 when it is empty, unset or ``1``. ``DEMIJOHN_COMPAT_EXTENSIONS``
    lists the extensions to replace, separated by commas, or says ``none``; all when it is unset.

    :raises ValueError: for a level or an extension that is not known.
    """
    level = os.environ.get("DEMIJOHN_COMPAT", "")
    listed = os.environ.get("DEMIJOHN_COMPAT_EXTENSIONS")
    extensions: bool | list[str] = True
    if listed is not None:
        extensions = [] if listed == "none" else [name.strip() for name in listed.split(",") if name.strip()]
    install(LEVELS[0] if level in {"", "1"} else level, extensions)


def installed_level() -> str | None:
    """The level :func:`install` was called with, or None."""
    return _level


def _refuse_real_ones(wanted: Iterable[str]) -> None:
    for name in ("flask", *wanted):
        module = sys.modules.get(name)
        if module is not None and not aliases.is_ours(module):
            raise AlreadyImported(
                f"{name!r} is already imported, from {getattr(module, '__file__', None)!r}: what holds its"
                " classes would not see this package's. Call demijohn.compat.install() before anything"
                f" imports {name}, first of all in the program."
            )
