"""What is around an application that is started: dotenv files, the reloader, the banner.

This module must not know the application or the command line.
"""

from __future__ import annotations

import os
from types import ModuleType

import click


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Set environment variables from dotenv files, never replacing one that is set already.

    ``path`` wins over ``.env``, which wins over ``.flaskenv``; the default files are looked for in
    the current directory and its parents. Needs ``python-dotenv``; without it nothing is read,
    and a tip is printed when a file was there to be read.

    :param path: A file to load; ignored when it does not exist.
    :param load_defaults: Whether to look for ``.flaskenv`` and ``.env``.
    :return: Whether at least one variable was found.
    """
    dotenv = _dotenv()
    if dotenv is None:
        if path or os.path.isfile(".env") or os.path.isfile(".flaskenv"):
            tip = " * Tip: There are .env files present. Install python-dotenv to use them."
            click.secho(tip, fg="yellow", err=True)
        return False
    files = [dotenv.find_dotenv(name, usecwd=True) for name in (".flaskenv", ".env")] if load_defaults else []
    if path is not None:
        files.append(os.fspath(path))
    found: dict[str, str | None] = {}
    for file in files:
        if file and os.path.isfile(file):
            found.update(dotenv.dotenv_values(file, encoding="utf-8"))
    for key, value in found.items():
        if value is not None:
            os.environ.setdefault(key, value)
    return bool(found)


def has_dotenv() -> bool:
    """Whether ``python-dotenv`` can be imported."""
    return _dotenv() is not None


def _dotenv() -> ModuleType | None:
    """The module of ``python-dotenv``, where it is installed."""
    try:
        # Imported here: an optional requirement.
        import dotenv
    except ImportError:
        return None
    return dotenv


def is_running_from_reloader() -> bool:
    """Whether this process was started, or started again, by the reloader.

    The variable is Werkzeug's, because applications test it themselves to start a thread once.
    """
    return os.environ.get("WERKZEUG_RUN_MAIN") == "true"


def show_server_banner(debug: bool | None, app_import_path: str | None) -> None:
    """Say what is served and whether debug mode is on; nothing in a process of the reloader."""
    if is_running_from_reloader():
        return
    lines = []
    if app_import_path is not None:
        lines.append(f" * Serving Flask app '{app_import_path}'")
    if debug is not None:
        lines.append(f" * Debug mode: {'on' if debug else 'off'}")
    for line in lines:
        click.echo(line)
