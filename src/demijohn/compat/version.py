"""The versions that Flask's modules tell."""

from __future__ import annotations

import warnings
from typing import Any

from demijohn.compat.distribution import VERSION

#: COMPAT: a cache in flask.testing.
_werkzeug_version = ""


def module_attribute(name: str) -> Any:
    """What ``flask.__getattr__`` asks last: the version, with Flask 3.1's warning.

    :raises AttributeError: for any other name.
    """
    if name == "__version__":
        warnings.warn(
            "The '__version__' attribute is deprecated and will be removed in Flask 3.2. Use feature"
            " detection or 'importlib.metadata.version(\"flask\")' instead.",
            DeprecationWarning,
            stacklevel=3,
        )
        return VERSION
    raise AttributeError(name)
