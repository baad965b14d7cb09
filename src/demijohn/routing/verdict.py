"""The exact answer for one path, worked out chain by chain as Werkzeug's matcher would.

The generated matchers answer what is common; every doubt of theirs (another method, a WebSocket,
a value that its converter refuses, defaults that may redirect) comes here. It must not know how
the candidates were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Rule, ValidationError

from demijohn.routing.chains import Chain, Outcome, Route

__all__ = ["Answer", "MethodKey", "Verdict"]

#: A rule and its view arguments, or None: ask the complete matcher.
Answer: TypeAlias = "tuple[Rule, dict[str, Any]] | None"

#: An HTTP method; in a tuple of one for a WebSocket handshake, so that one table serves both.
MethodKey: TypeAlias = "str | tuple[str]"


class Verdict:
    """Answers for one map; stateless, so shared by all threads."""

    __slots__ = ("_merge_slashes",)

    def __init__(self, merge_slashes: bool) -> None:
        self._merge_slashes = merge_slashes

    def leave(self, path: str, segments: list[str], key: MethodKey) -> Answer:
        """Leave the path to the complete matcher."""
        return None

    def refuse(self, path: str, segments: list[str], key: MethodKey) -> Answer:
        """Answer for a path that no chain fits: ``NotFound``, unless merged slashes could redirect."""
        if self._may_merge(path):
            return None
        raise NotFound

    def forbid(
        self,
        chains: Sequence[Chain],
        allowed: Sequence[str],
        path: str,
        segments: list[str],
        key: MethodKey,
    ) -> Answer:
        """Answer for the last chain that fits: ``MethodNotAllowed``, where none of its rules has the method."""
        if key in allowed or not isinstance(key, str) or not key.isupper() or self._may_merge(path):
            return self.weigh(chains, path, segments, key)
        raise MethodNotAllowed(valid_methods=list(allowed))

    def weigh(self, chains: Sequence[Chain], path: str, segments: list[str], key: MethodKey) -> Answer:
        """Try the chains one by one.

        Raises ``NotFound`` and ``MethodNotAllowed`` where Werkzeug would; returns None where it would
        redirect or report a WebSocket mismatch.
        """
        if path.startswith("//"):
            return None
        websocket = not isinstance(key, str)
        method = (key if isinstance(key, str) else key[0]).upper()
        allowed: set[str] = set()
        wrong_protocol = False
        for chain in chains:
            values = chain.read(segments)
            if values is None:
                continue
            for outcome in chain.outcomes:
                route = outcome.route
                if not route.accepts(method):
                    if not outcome.missing_slash:
                        allowed.update(route.rule.methods or ())
                elif route.rule.websocket != websocket:
                    wrong_protocol = wrong_protocol or not outcome.missing_slash
                elif _leads_away(outcome):
                    return None
                else:
                    return self._conclude(route, values, method, allowed, wrong_protocol)
        if self._may_merge(path):
            return None
        return _no_match(allowed, wrong_protocol)

    def _conclude(
        self, route: Route, raw: list[str], method: str, allowed: set[str], wrong_protocol: bool
    ) -> Answer:
        values: dict[str, Any] = {}
        for (name, converter), text in zip(route.converters, raw, strict=True):
            try:
                values[name] = converter.to_python(text)
            except ValidationError:
                # COMPAT: Werkzeug 3.1 ends the search here and does not try the next rule.
                return _no_match(allowed, wrong_protocol)
        if route.rule.defaults:
            values.update(route.rule.defaults)
        for rival in route.rivals:
            if rival.suitable_for(values, method):
                return None
        return route.rule, values

    def _may_merge(self, path: str) -> bool:
        return "//" in path and (self._merge_slashes or path.startswith("//"))


def _leads_away(outcome: Outcome) -> bool:
    """Whether Werkzeug answers this outcome with a redirect."""
    if outcome.missing_slash and outcome.route.rule.strict_slashes:
        return True
    return outcome.route.beyond


def _no_match(allowed: set[str], wrong_protocol: bool) -> Answer:
    if allowed:
        raise MethodNotAllowed(valid_methods=sorted(allowed))
    if wrong_protocol:
        return None
    raise NotFound
