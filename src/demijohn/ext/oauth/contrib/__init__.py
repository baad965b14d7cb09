"""A module for each known provider: ``make_..._blueprint``, and the session of the current request under its name.

::

    from demijohn.ext.oauth.contrib.github import github, make_github_blueprint

What they differ in is in the table of :mod:`demijohn.ext.oauth.providers`.
"""

from __future__ import annotations

__all__: list[str] = []
