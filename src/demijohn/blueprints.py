"""Flask's name for what :mod:`demijohn.setup.blueprint` holds."""

from __future__ import annotations

from demijohn.setup.blueprint import Blueprint, BlueprintSetupState

__all__ = ["Blueprint", "BlueprintSetupState"]
