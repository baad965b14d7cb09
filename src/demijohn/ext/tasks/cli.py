"""The command group ``tasks``."""

from __future__ import annotations

from demijohn.cli import AppGroup

group = AppGroup("tasks", help="Run and look at background tasks.")
