"""What the environment says before an application exists: settings in two spellings, debug mode.

Every setting has two spellings, ``DEMIJOHN_X`` and Flask's ``FLASK_X``; ours wins where both are
set. This module must not know the application or the command line.
"""

from __future__ import annotations

import os

_NO = frozenset({"0", "false", "no"})


def read_setting(name: str) -> str | None:
    """The value of ``DEMIJOHN_<name>``, else of ``FLASK_<name>``, else None."""
    value = os.environ.get(f"DEMIJOHN_{name}")
    return value or os.environ.get(f"FLASK_{name}")


def get_debug_flag() -> bool:
    """Whether ``DEMIJOHN_DEBUG`` or ``FLASK_DEBUG`` asks for debug mode; off by default."""
    value = read_setting("DEBUG")
    return bool(value) and str(value).lower() not in _NO


def set_debug_flag(value: bool) -> None:
    """Make :func:`get_debug_flag` answer ``value``, in this process and those it starts."""
    os.environ["FLASK_DEBUG"] = "1" if value else "0"
    if "DEMIJOHN_DEBUG" in os.environ:
        os.environ["DEMIJOHN_DEBUG"] = os.environ["FLASK_DEBUG"]


def get_load_dotenv(default: bool = True) -> bool:
    """Whether the default dotenv files are wanted: ``FLASK_SKIP_DOTENV`` decides, else ``default``."""
    value = read_setting("SKIP_DOTENV")
    return value.lower() in _NO if value else default
