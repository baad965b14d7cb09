"""``demijohn new``: a project to begin with, of the rooms that it will use.

:mod:`~demijohn.cli.new.names` says what a project may be called, :mod:`~demijohn.cli.new.project` writes it from the
texts in ``minimal`` and ``project``. In these, what is filled in stands in ``[[ ]]`` and ``[% %]``, so that the
project's own templates go through as they are.
"""

from __future__ import annotations

__all__: list[str] = []
