"""Resources in several versions: which class answers for a rule that several of them have.

This module must not know how methods are typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Rule

from demijohn.ext.rest.versions import Span, Versions, versioned_view
from demijohn.extend import current_request, is_async

__all__ = ["VersionedResource", "VersionedResources"]


@dataclass(frozen=True)
class VersionedResource:
    """A resource as it was added: its endpoint without the names of blueprints, its URLs, its versions."""

    endpoint: str
    urls: tuple[str, ...]
    span: Span
    methods: frozenset[str]


class VersionedResources:
    """The resources of an Api with versions.

    :param versions: The versions.
    """

    def __init__(self, versions: Versions) -> None:
        self.versions = versions
        self.added: list[VersionedResource] = []
        self._taken: dict[str, set[str]] = {}

    def add(self, endpoint: str, urls: tuple[str, ...], span: Span, methods: Any) -> dict[str, list[str]]:
        """Note a resource; returns the rules that it has, below the prefix: one for each way to name a version.

        Each comes with the methods for which no other resource has it: those that have are handed on by that rule.
        """
        asked = frozenset(methods or ("GET",))
        self.added.append(VersionedResource(endpoint, urls, span, asked | {"HEAD", "OPTIONS"}))
        reached = self.versions.names[span.first : span.last + 1]
        rules: dict[str, list[str]] = {}
        for before, name in self.versions.prefixes():
            if name in reached if name else self.versions.looks or self.versions.default in reached:
                for url in urls:
                    taken = self._taken.setdefault(f"{before}{url}", set())
                    rules[f"{before}{url}"] = sorted(asked - taken)
                    taken |= asked
        return rules

    def place_of(self, rule: Rule) -> tuple[str, str | None] | None:
        """The URL that a rule was made of, and the version that it names; None for a rule of anything else."""
        endpoint = rule.endpoint.rpartition(".")[2]
        found = [
            (len(before), url, name)
            for before, name in self.versions.prefixes()
            for one in self.added
            if one.endpoint == endpoint
            for url in one.urls
            if rule.rule.endswith(before + url)
        ]
        return max(found, key=lambda place: (place[0], len(place[1])))[1:] if found else None

    def serving(self, url: str) -> Mapping[str, VersionedResource]:
        """By version, the resource that has a URL."""
        spans = [(one.span, one) for one in self.added if url in one.urls]
        found = {name: self.versions.serving(spans, name) for name in self.versions.names}
        return {name: one for name, one in found.items() if one is not None}

    def view(self, rule: Rule, url: str, of_path: str | None, views: Mapping[str, Any]) -> Any:
        """The view of a rule that a resource was added by.

        :param of_path: The version that the rule's path names, or None.
        :param views: The resources' views, by endpoint.
        """
        serving = self.serving(url)
        by_version = {
            name: _with_methods(views[one.endpoint], one.methods, rule) for name, one in serving.items()
        }
        plain = of_path is not None and not self.versions.looks and not self.versions.deprecated(of_path)
        if plain and of_path in by_version:
            return by_version[of_path]

        def others(name: str) -> Iterator[str]:
            yield from ()

        return versioned_view(self.versions, of_path, by_version, others)


def _with_methods(view: Callable[..., Any], methods: frozenset[str], rule: Rule) -> Any:
    """A view that refuses the methods of a rule that are those of another version alone."""
    if methods.issuperset(rule.methods or ()):
        return view

    def checked(**path: Any) -> Any:
        if current_request().method not in methods:
            raise MethodNotAllowed(sorted(methods), "Not in this version.")
        return view(**path)

    marked: Any = checked
    marked.is_async = is_async(view)
    return checked
