"""An application written for Flask, for any server that wants the name of an application object.

::

    DEMIJOHN_APP=legacy.module:app gunicorn demijohn.compat.served:app
    DEMIJOHN_APP=legacy.module:app granian --interface asgi demijohn.compat.served:app

The application is named as ``demijohn --app`` takes it, also by ``FLASK_APP``. Level and extensions come
from the environment, see :func:`demijohn.compat.install_from_environment`.
"""

from __future__ import annotations

from importlib import import_module
from inspect import isfunction
from typing import Any

from demijohn.cli import ScriptInfo, prepare_import
from demijohn.compat import install_from_environment
from demijohn.setup.envvars import read_setting


def _load(path: str | None) -> Any:
    """What ``path`` names: an application, what a factory makes, or any WSGI object, such as middleware."""
    module, _, name = (path or "").rpartition(":")
    if module and name.isidentifier():
        found = getattr(import_module(prepare_import(module)), name, None)
        if found is not None and not isfunction(found):
            return found
    return ScriptInfo(path, set_debug_flag=False).load_app()


install_from_environment()

#: The application, loaded after ``flask`` was replaced.
app: Any = _load(read_setting("APP"))
