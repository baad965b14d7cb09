"""A pytest plugin that installs compatibility before any test module is imported.

::

    pytest -p demijohn.compat.pytest
    DEMIJOHN_COMPAT=2.2 DEMIJOHN_COMPAT_EXTENSIONS=none pytest -p demijohn.compat.pytest
"""

from __future__ import annotations

from demijohn.compat import install_from_environment

install_from_environment()
