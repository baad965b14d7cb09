"""What ``demijohn routes`` shows of typed views: by what they know who calls.

This module must not know how views are adapted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from werkzeug.routing import Rule

from demijohn.ext.rest.toolkit.auth import Auth
from demijohn.ext.rest.typed.handlers import Handler
from demijohn.ext.rest.versions import Versions

__all__ = ["callers_of"]


class Api(Protocol):
    """An Api, as far as its versions go."""

    versions: Versions | None


class Known(Protocol):
    """What is known of an application's Apis."""

    def api_of(self, endpoint: str) -> Api | None:
        """The Api that an endpoint belongs to."""
        ...

    def typed_methods(self, rule: Rule, version: str | None = None) -> Iterator[tuple[str, Handler | None]]:
        """The handlers of a rule by HTTP method, in a version."""
        ...


def callers_of(known: Known, rule: Rule, _: object) -> dict[str, str]:
    """The security schemes of a rule's handlers, of all versions."""
    api = known.api_of(rule.endpoint)
    versions = None if api is None else api.versions
    names: dict[str, None] = {}
    for version in (None,) if versions is None else versions.names:
        for _method, handler in known.typed_methods(rule, version):
            for supplier in () if handler is None else handler.suppliers:
                if isinstance(supplier, Auth):
                    names[supplier.scheme] = None
    return {"auth": ", ".join(names)} if names else {}
