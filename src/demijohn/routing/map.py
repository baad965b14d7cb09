"""The rule and the map of an application, as Werkzeug's classes with little added.

Knows Werkzeug's public routing classes only. It must not know how a path is matched
quickly (``router``), nor the application that owns the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.routing import Map as WerkzeugMap
from werkzeug.routing import Rule as WerkzeugRule
from werkzeug.routing import RuleFactory

__all__ = ["Map", "Rule"]


class Rule(WerkzeugRule):
    """One URL pattern and the endpoint it leads to; see ``werkzeug.routing.Rule`` for the parameters."""

    #: Whether the application answers ``OPTIONS`` for this rule by itself.
    provide_automatic_options: bool = False

    def get_empty_kwargs(self) -> Mapping[str, Any]:
        """What an unbound copy is made from, for ``empty`` and the rule factories.

        Werkzeug's own list leaves out ``merge_slashes`` and ``websocket``, so that a WebSocket
        rule inside a ``Submount`` would become an HTTP rule.
        """
        return {
            **super().get_empty_kwargs(),
            "merge_slashes": self.merge_slashes,
            "websocket": self.websocket,
        }


class Map(WerkzeugMap):
    """Every rule of an application; see ``werkzeug.routing.Map`` for the parameters.

    ``revision`` counts the additions, so that whoever compiled a ``Router`` from the map can tell
    whether a rule was added by hand since.
    """

    #: How many times ``add`` was called on this map.
    revision: int = 0

    def add(self, rulefactory: RuleFactory) -> None:
        """Bind a rule, or each rule of a factory, to this map."""
        super().add(rulefactory)
        self.revision += 1
