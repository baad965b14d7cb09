"""COMPAT: where Flask-RESTful keeps its version; here that of its interface."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.3.10"
