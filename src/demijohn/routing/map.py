"""The map of an application, which is Werkzeug's, and its rules, with little added.

Knows Werkzeug's public routing classes only. It must not know how a path is matched
quickly (``router``), nor the application that owns the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.routing import BaseConverter, Map
from werkzeug.routing import Rule as WerkzeugRule

__all__ = ["Map", "Rule"]


class Rule(WerkzeugRule):
    """One URL pattern and the endpoint it leads to; see ``werkzeug.routing.Rule`` for the parameters."""

    #: Whether the application answers ``OPTIONS`` for this rule by itself.
    provide_automatic_options: bool = False
    #: Whose static files it serves; it makes the converter of their names.
    static_files: Any = None

    def get_converter(
        self, variable_name: str, converter_name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> BaseConverter:
        """The converter of a variable part; of a static file's name, one that knows its digest."""
        if self.static_files is not None and variable_name == "filename":
            made: BaseConverter = self.static_files.converter(self.map)
            return made
        return super().get_converter(variable_name, converter_name, args, kwargs)

    def is_duplicate(self, other: WerkzeugRule) -> bool:
        """Never: whether two rules for the same requests are a mistake is the application's to say.

        Werkzeug asks from 3.2 on, and takes no map with two such rules; ``Policy.one_view_per_rule`` decides here.
        """
        return False

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
