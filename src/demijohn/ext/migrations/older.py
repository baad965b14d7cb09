"""Folders that Flask-Migrate made: their files import ``flask``, and work untouched.

This module must not know what the commands do.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import demijohn
from alembic.config import Config

_IMPORTS_FLASK = re.compile(r"^\s*(from|import)\s+flask\b", re.MULTILINE)


@contextlib.contextmanager
def flask_names(config: Config) -> Iterator[None]:
    """Let the folder's files that say ``from flask import current_app`` find this package's.

    COMPAT: without this, Flask's own ``current_app`` knows no application, or there is no Flask at all.
    Nothing is done for a folder that does not name ``flask``, nor where it means this package already.
    """
    before: Any = sys.modules.get("flask")
    if before is demijohn or not _names_flask(Path(config.get_main_option("script_location") or "")):
        yield
        return
    if before is not None and getattr(before, "current_app", None) is demijohn.current_app:
        yield  # the compatibility aliases are active
        return
    sys.modules["flask"] = demijohn
    try:
        yield
    finally:
        if before is None:
            sys.modules.pop("flask", None)
        else:
            sys.modules["flask"] = before


def _names_flask(folder: Path) -> bool:
    for name in ("env.py", "script.py.mako"):
        path = folder / name
        if path.is_file() and _IMPORTS_FLASK.search(path.read_text(encoding="utf-8", errors="replace")):
            return True
    return any(
        _IMPORTS_FLASK.search(path.read_text(encoding="utf-8", errors="replace"))
        for path in folder.glob("versions/*.py")
    )
