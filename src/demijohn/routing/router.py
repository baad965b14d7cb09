"""The router: what an application asks for every request and every ``url_for``.

Four lines of use::

    router = Router(app.url_map)                     # once, when the application freezes
    answer = router.match("/user/7", "GET")          # (rule, {"id": 7})
    router.build("user", {"id": 7, "tab": "wine"})   # "/user/7?tab=wine"
    if answer is None: ...                           # ask app.url_map.bind(...).match()

It answers as Werkzeug's ``MapAdapter`` would, or returns None and leaves the answer to it:
redirects, hosts and subdomains, WebSocket mismatches. It must not know the request.
"""

from __future__ import annotations

import re
from copy import copy
from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.routing import Map, Rule

from demijohn.routing.builders import Builder, make_builders
from demijohn.routing.chains import Chain, Route, UnreadableMapError, read_chains
from demijohn.routing.matchers import Branch, grow, tabled
from demijohn.routing.mounted import Prefixed, chains_of
from demijohn.routing.verdict import Answer, MethodKey, Verdict

__all__ = ["Router"]


class Router:
    """The rules of a map compiled for speed; never changes, so every thread may use it.

    It speaks for the map's default subdomain: an application that serves several subdomains
    binds the map itself. A rule added to the map later is not seen.

    Attributes, to be read only:

    * ``static_routes``: the first look of ``match``, path to method to rule, for HTTP rules without
      variables, defaults or redirects. Whoever finds its rule there has Werkzeug's answer, with no
      view arguments; not finding it means nothing.
    * ``coverage``: how many rules are answered here, and how many only by Werkzeug.
    """

    __slots__ = ("_branches", "_builders", "_deep", "_longest", "coverage", "static_routes")

    static_routes: dict[str, dict[str, Rule]]
    coverage: tuple[int, int]

    def __init__(self, url_map: Map, mounts: Iterable[Prefixed] = ()) -> None:
        self.static_routes = {}
        self._builders: dict[Any, Builder] = make_builders(url_map)
        verdict = Verdict(url_map.merge_slashes)
        leave: Branch = (0, {}, verdict.leave)
        # Length one is a path without a slash, which no rule has.
        self._branches: list[Branch] = [leave, leave]
        self._deep = leave
        self._longest = 1
        try:
            chains, routes = read_chains(url_map)
            self._grow([*chains_of(mounts), *chains], verdict)
        except (UnreadableMapError, re.error, OverflowError):
            # A pattern that does not compile is an error only for paths that reach it.
            self.coverage = (0, sum(not rule.build_only for rule in url_map.iter_rules()))
            return
        self.coverage = _coverage(routes)
        self.static_routes = _static_routes(chains)

    def _grow(self, chains: list[Chain], verdict: Verdict) -> None:
        longest = max((chain.length for chain in chains), default=1)
        self._branches += [
            grow([chain for chain in chains if chain.fits(length)], length, verdict)
            for length in range(2, longest + 1)
        ]
        self._deep = grow([chain for chain in chains if chain.final], longest + 1, verdict)
        self._longest = longest

    def with_origin(self, origin: str, endpoints: Iterable[Any]) -> Router:
        """The same router, that puts an origin before the paths of some endpoints, as a CDN needs it."""
        made = copy(self)
        made._builders = dict(self._builders)
        for endpoint in endpoints:
            if endpoint in made._builders:
                made._builders[endpoint] = _behind(origin, made._builders[endpoint])
        return made

    def match(self, path: str, method: str, websocket: bool = False) -> Answer:
        """The rule for a path and its view arguments, defaults included, in a fresh dict.

        ``path`` is decoded and starts with a slash. Raises ``Mounted`` for what is a mounted application's, and
        ``werkzeug.exceptions.NotFound`` and ``MethodNotAllowed`` where Werkzeug's matcher certainly would. None means
        that only Werkzeug's matcher can tell.
        """
        key: MethodKey = method
        if websocket:
            key = (method,)
        elif path in self.static_routes:
            # PERF: looking twice costs less than one ``get`` and a comparison.
            rules = self.static_routes[path]
            if method in rules:
                return rules[method], {}
        segments = path.split("/")
        if segments[0]:
            return None
        count = len(segments)
        position, table, other = self._branches[count] if count <= self._longest else self._deep
        return table.get(segments[position], other)(path, segments, key)

    def build(
        self,
        endpoint: object,
        values: Mapping[str, Any],
        method: str | None = None,
        append_unknown: bool = True,
    ) -> str | None:
        """The path of an endpoint, percent-encoded, with unknown values as its query.

        The path does not include the application's root. None means that only ``MapAdapter.build``
        can tell, or that it would raise ``BuildError``. What a converter's ``to_url`` raises is raised.
        """
        builder = self._builders.get(endpoint)
        if builder is None:
            return None
        if values.__class__ is not dict:
            if isinstance(values, MultiDict):
                return None
            values = dict(values.items())
        return builder(values, method, append_unknown)


def _behind(origin: str, build: Builder) -> Builder:
    def behind(values: Mapping[str, Any], method: str | None, append_unknown: bool) -> str | None:
        path = build(values, method, append_unknown)
        return None if path is None else f"{origin}{path}"

    return behind


def _coverage(routes: list[Route]) -> tuple[int, int]:
    beyond = sum(route.beyond for route in routes)
    return len(routes) - beyond, beyond


def _static_routes(chains: list[Chain]) -> dict[str, dict[str, Rule]]:
    """Path to method to rule for the chains that nothing comes before: literals only."""
    found: dict[str, dict[str, Rule]] = {}
    for chain in chains:
        path = "/".join(["", *(literal for _, literal in chain.literals)])
        # The first chain with these literals precedes every chain with patterns, unless it is a lenient one.
        if chain.checks or chain.lenient or chain.mount or path in found or path.startswith("//"):
            continue
        found[path] = {
            key: route.rule
            for key, route in tabled(chain).items()
            if isinstance(key, str) and not route.rule.defaults
        }
    return {path: rules for path, rules in found.items() if rules}
