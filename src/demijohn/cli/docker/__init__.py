"""``demijohn docker``: an image of the application in hand, and what it needs beside it.

:mod:`~demijohn.cli.docker.needs` finds out what it uses, :mod:`~demijohn.cli.docker.files` writes it down.
"""

from __future__ import annotations

__all__: list[str] = []
