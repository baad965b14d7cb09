"""The Api: typed views and resources under one prefix, their providers, versions and documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from demijohn import Blueprint, Flask
from demijohn.ext.rest.openapi.documents import Documents
from demijohn.ext.rest.openapi.cli import add_command
from demijohn.ext.rest.resources.routes import Added, ResourceRoutes
from demijohn.ext.rest.versioned_resources import VersionedResources
from demijohn.ext.rest.versions import Versions
from demijohn.sessions.server_side import MemoryStore, SessionStore
from demijohn.views import View

__all__ = ["Api"]


class Api(Documents, ResourceRoutes):
    """An API of an application or blueprint: typed views and resources, under one prefix, in one document.

    :param app: The application or blueprint; or call :meth:`init_app` later.
    :param prefix: Put before each rule.
    :param default_mediatype: As the parameters that follow, what :class:`ResourceRoutes` takes, for resources.
    :param title: The name of the API in its document; the application's by default.
    :param version: The version of the API in its document.
    :param versions: The versions that are served side by side.
    :param openapi_url: Where the document is, below the prefix; its YAML is beside it. None for nowhere; by default
        at ``/openapi.json``, as far as the policy has it (``documented_apis``).
    :param docs_url: Where the page is that shows it; None for nowhere.
    :param servers: The addresses of the API in its document; by default the one it is asked at.
    :param store: Where answers to repeated requests are kept: a store of sessions. By default in this process,
        of which others know nothing.
    """

    def __init__(
        self, app: Flask | Blueprint | None = None, prefix: str = "",
        default_mediatype: str | None = "application/json", decorators: list[Callable[..., Any]] | None = None,
        catch_all_404s: bool = False, serve_challenge_on_401: bool = False, url_part_order: str = "bae",
        errors: Mapping[str, Mapping[str, Any]] | None = None, *, title: str | None = None, version: str = "1.0",
        versions: Versions | None = None, openapi_url: str | UnsetType | None = UNSET,
        docs_url: str | None = "/docs", servers: Sequence[str] = (), store: SessionStore | None = None,
    ) -> None:  # fmt: skip
        Documents.__init__(self)
        self.title = title
        self.version = version
        self.versions = versions
        if versions is not None:
            self.versioned_resources = VersionedResources(versions)
        self.openapi_url = openapi_url
        self.docs_url = docs_url
        self.servers = servers
        self.store = MemoryStore() if store is None else store
        ResourceRoutes.__init__(
            self, app, prefix, default_mediatype, decorators, catch_all_404s, serve_challenge_on_401,
            url_part_order, errors,
        )  # fmt: skip

    def init_app(self, app: Flask | Blueprint) -> None:
        """Serve the API from an application or blueprint."""
        ResourceRoutes.init_app(self, app)
        if not isinstance(app, Blueprint) and not isinstance(getattr(app, "extensions", None), dict):
            return  # what a test put in the place of an application takes the routes of resources
        self.attach(app)
        owner = self.owner
        assert owner is not None
        self.serve_documents(owner)
        if isinstance(owner, Blueprint):
            owner.record_once(lambda state: add_command(state.app))
        else:
            add_command(owner)

    def add_resource(self, resource: type[View], *urls: str, **kwargs: Any) -> None:
        """Add a resource.

        :param resource: The class.
        :param urls: Its URLs, as those of routes, below the prefixes.
        :param kwargs: Of an Api with versions, ``version`` and ``until``: those that it serves. Else as
            :meth:`.ResourceRoutes.add_resource`.
        """
        span = self.span_of(kwargs.pop("version", None), kwargs.pop("until", None))
        if self.versioned_resources is not None:
            endpoint = kwargs.setdefault("endpoint", resource.__name__.lower())
            methods = kwargs.get("methods") or resource.methods
            rules = self.versioned_resources.add(endpoint, urls, span, methods)
            self._add_resource(Added(resource, tuple(rules), kwargs, rules))
        else:
            ResourceRoutes.add_resource(self, resource, *urls, **kwargs)
