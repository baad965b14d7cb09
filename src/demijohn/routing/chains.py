"""Werkzeug's state machine read out as an ordered list of chains.

Werkzeug walks its machine depth first: literal segments before variable ones, variable ones by
weight, going back where a branch ends. That order does not depend on the request, so the walk
equals trying a fixed list of chains from the first to the last. A chain is the checks along one
way through the machine (literals at positions, patterns at positions) and its outcomes: the
rules at its end.

This is the one module of the room that reads Werkzeug's private structures for matching
(``Map._matcher``, ``Rule._converters``). What it cannot read it refuses with ``UnreadableMapError``, and
the map is left to Werkzeug. It must not know how chains are tried quickly.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from werkzeug.routing import BaseConverter, Map, Rule, StateMachineMatcher
from werkzeug.routing.matcher import State
from werkzeug.routing.rules import RulePart

__all__ = ["Chain", "Check", "Outcome", "Route", "UnreadableMapError", "pattern_of", "read_chains"]


class UnreadableMapError(Exception):
    """The map can only be matched by Werkzeug: domains in rules, or unknown internals."""


@lru_cache(maxsize=1024)
def pattern_of(content: str) -> re.Pattern[str]:
    """The compiled pattern of a rule part."""
    return re.compile(content)


class Route(NamedTuple):
    """What matching needs to know of one rule.

    ``beyond`` says that the rule always redirects when matched (``alias``, ``redirect_to``), which
    only Werkzeug does. ``rivals`` are the rules of the same endpoint that the request is redirected
    to where their defaults equal the matched values.
    """

    rule: Rule
    converters: tuple[tuple[str, BaseConverter], ...]
    beyond: bool
    rivals: tuple[Rule, ...]

    def accepts(self, method: str) -> bool:
        """Whether the rule serves the HTTP method, given in upper case."""
        return self.rule.methods is None or method in self.rule.methods


class Outcome(NamedTuple):
    """A rule at the end of a chain; ``missing_slash`` where it would need one more slash to match."""

    route: Route
    missing_slash: bool


class Check(NamedTuple):
    """A pattern that the segment at ``position`` must match, or all segments from it on (``final``).

    ``slash`` tells, for a pattern that swallows an optional last slash, whether it must have been
    there (None: the pattern has no such slash).
    """

    position: int
    content: str
    final: bool = False
    slash: bool | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups that hold the rule's variables, in order."""
        names = (name for name in pattern_of(self.content).groupindex if name.startswith("__werkzeug_"))
        return tuple(sorted(names, key=lambda name: int(name[len("__werkzeug_") :])))

    def read(self, segments: list[str]) -> tuple[str, ...] | None:
        """The raw values of the variables, or None where the segments do not match."""
        target = "/".join(segments[self.position :]) if self.final else segments[self.position]
        found = pattern_of(self.content).match(target)
        if found is None:
            return None
        if self.slash is not None and (found.groups()[-1] == "/") is not self.slash:
            return None
        return tuple(found[name] for name in self.groups)


class Chain(NamedTuple):
    """One way through the machine.

    ``length`` is how many segments the path must have, counting the empty one before the first
    slash; a chain whose last check is final takes that many or more. ``lenient`` marks a chain that
    adds a slash its rules do not have, and so is tried after those with patterns. ``mount`` is what is
    mounted where the literals end, of a chain that has no rules: all that is below is its own.
    """

    literals: tuple[tuple[int, str], ...]
    checks: tuple[Check, ...]
    length: int
    outcomes: tuple[Outcome, ...]
    lenient: bool = False
    mount: object = None

    @property
    def final(self) -> bool:
        """Whether the last check, or a mounted application, takes every segment that is left."""
        return self.mount is not None or (bool(self.checks) and self.checks[-1].final)

    def fits(self, length: int) -> bool:
        """Whether a path of so many segments can match."""
        return self.length <= length if self.final else self.length == length

    def literal_at(self, position: int) -> str | None:
        """The literal the chain asks for at a position, or None where it is free."""
        for place, literal in self.literals:
            if place == position:
                return literal
        return None

    def read(self, segments: list[str]) -> list[str] | None:
        """The raw values of all variables, or None where the path does not match."""
        for position, literal in self.literals:
            if segments[position] != literal:
                return None
        values: list[str] = []
        for check in self.checks:
            found = check.read(segments)
            if found is None:
                return None
            values.extend(found)
        return values


def read_chains(url_map: Map) -> tuple[list[Chain], list[Route]]:
    """Read the chains of a map, in the order Werkzeug tries them, and the routes they lead to.

    Raises ``UnreadableMapError`` where rules carry hosts or several subdomains, or where the map's
    internals are not the known ones.
    """
    if url_map.host_matching:
        raise UnreadableMapError("host matching is on")
    url_map.update()
    matcher = url_map._matcher
    if type(matcher) is not StateMachineMatcher:
        raise UnreadableMapError(f"unknown matcher {type(matcher).__name__}")
    reader = _Reader(url_map)
    root = matcher._root
    if root.dynamic or len(root.static) > 1 or set(root.static) - {url_map.default_subdomain}:
        raise UnreadableMapError("rules for several subdomains")
    for domain in root.static.values():
        if domain.dynamic or domain.rules or set(domain.static) - {""}:
            raise UnreadableMapError("a rule that does not start with a slash")
        for start in domain.static.values():
            reader.follow(start, 1, (), ())
    return reader.chains, list(reader.routes.values())


class _Reader:
    """Collects the chains below a state."""

    def __init__(self, url_map: Map) -> None:
        self.map = url_map
        self.chains: list[Chain] = []
        self.routes: dict[int, Route] = {}

    def follow(
        self, state: State, position: int, literals: tuple[tuple[int, str], ...], checks: tuple[Check, ...]
    ) -> None:
        self.add(literals, checks, position, self.arrivals(state))
        for literal, child in state.static.items():
            self.follow(child, position + 1, (*literals, (position, literal)), checks)
        for part, child in state.dynamic:
            if part.final:
                self.finish(part, child, position, literals, checks)
            else:
                self.follow(child, position + 1, literals, (*checks, Check(position, part.content)))
        # A rule that is lenient about its slash comes last of all that matches with one.
        lenient = tuple(Outcome(self.route(rule), False) for rule in state.rules if not rule.strict_slashes)
        self.add((*literals, (position, "")), checks, position + 1, lenient, lenient=True)

    def finish(
        self,
        part: RulePart,
        child: State,
        position: int,
        literals: tuple[tuple[int, str], ...],
        checks: tuple[Check, ...],
    ) -> None:
        if not part.suffixed:
            if child.static or child.dynamic:
                raise UnreadableMapError("a rule goes on after a part that takes the rest")
            last = Check(position, part.content, final=True)
            self.add(literals, (*checks, last), position + 1, self.arrivals(child))
            return
        if child.dynamic or child.rules or set(child.static) != {""}:
            raise UnreadableMapError("unknown states after a part with an optional slash")
        bare = Check(position, part.content, final=True, slash=False)
        self.add(literals, (*checks, bare), position + 1, self.arrivals(child))
        slashed = Check(position, part.content, final=True, slash=True)
        self.add(literals, (*checks, slashed), position + 1, self.arrivals(child.static[""]))

    def add(
        self,
        literals: tuple[tuple[int, str], ...],
        checks: tuple[Check, ...],
        length: int,
        outcomes: tuple[Outcome, ...],
        lenient: bool = False,
    ) -> None:
        if outcomes:
            self.chains.append(Chain(literals, checks, length, outcomes, lenient))

    def arrivals(self, state: State) -> tuple[Outcome, ...]:
        """The outcomes of a path that ends in a state: its rules, then those one slash further."""
        further = state.static[""].rules if "" in state.static else ()
        return (
            *(Outcome(self.route(rule), False) for rule in state.rules),
            *(Outcome(self.route(rule), True) for rule in further),
        )

    def route(self, rule: Rule) -> Route:
        if id(rule) not in self.routes:
            self.routes[id(rule)] = self.describe(rule)
        return self.routes[id(rule)]

    def describe(self, rule: Rule) -> Route:
        redirects = self.map.redirect_defaults
        rivals: list[Rule] = []
        for other in self.map.iter_rules(rule.endpoint) if redirects else ():
            if other is rule:
                break
            if other.provides_defaults_for(rule):
                rivals.append(other)
        return Route(
            rule=rule,
            converters=tuple(rule._converters.items()),
            beyond=bool(rule.alias and redirects) or rule.redirect_to is not None,
            rivals=tuple(rivals),
        )
