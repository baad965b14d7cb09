"""The documents of an Api: made when asked for, kept, served, and changed by its hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType
from werkzeug.routing import Rule

from demijohn import Blueprint, Flask
from demijohn.ext.rest.openapi.document import Described, Entry, build, entries_of
from demijohn.ext.rest.openapi.serving import document_view, page_of, serve_file
from demijohn.ext.rest.routes import TypedRoutes, registry_of
from demijohn.ext.rest.versions import ARGUMENT, UNKNOWN
from demijohn.extend import current_application

__all__ = ["Documents", "document_of"]

H = TypeVar("H", bound=Callable[[dict[str, Any]], Any])


class Documents(TypedRoutes):
    """The half of an Api that documents it."""

    title: str | None
    version: str
    openapi_url: str | UnsetType | None
    docs_url: str | None
    servers: Sequence[str]

    def __init__(self) -> None:
        super().__init__()
        self._hooks: list[Callable[[dict[str, Any]], Any]] = []
        self._documents: dict[tuple[int, str | None], dict[str, Any]] = {}

    def openapi_hook(self, hook: H) -> H:
        """Register what changes each document before it is sent: it takes the document, a dictionary.

        :param hook: What it returns other than None is the document.
        """
        self._hooks.append(hook)
        self._documents.clear()
        return hook

    def serve_documents(self, owner: Flask | Blueprint) -> None:
        """Add the routes of the documents and of the page."""
        if isinstance(owner, Blueprint):
            owner.record(lambda state: self._serve_in(state.app, state.add_url_rule, state.url_prefix or ""))
        else:
            self._serve_in(owner, owner.add_url_rule, "")

    def _serve_in(self, app: Flask, add: Callable[..., None], before: str) -> None:
        if self.openapi_url is UNSET:
            taken = {rule.rule for rule in app.url_map.iter_rules()}
            # Another Api of the same prefix has it, and documents what both have.
            free = f"{before.rstrip('/')}{self.prefix}/openapi.json" not in taken
            self.openapi_url = "/openapi.json" if app.policy.documented_apis and free else None
        if self.openapi_url is None:
            return
        for rule, defaults in self.rules_of(self.openapi_url):
            version = defaults.get(ARGUMENT)
            for ending in {rule, _as_yaml(rule)}:
                view = self._view(version, yaml=ending != rule)
                add(ending, _endpoint(ending), view, methods=["GET"], defaults=defaults or None)
        if self.docs_url is not None:
            docs = self.prefix + self.docs_url
            add(docs, _endpoint(docs), self._page, methods=["GET"])
            files = f"{docs}/<filename>"
            add(files, _endpoint(files), serve_file, methods=["GET"])

    def _view(self, version: str | None, *, yaml: bool) -> Callable[..., Any]:
        return document_view(lambda: self.document(current_application(), version), yaml=yaml)

    def _page(self) -> Any:
        app = current_application()
        assert isinstance(self.openapi_url, str)
        assert self.docs_url is not None
        documents = [(f"version {version}", rule) for rule, version in self._newest_first()]
        return page_of(self._title(app), self.prefix + self.docs_url, documents)

    def _newest_first(self) -> list[tuple[str, str | None]]:
        assert isinstance(self.openapi_url, str)
        found = [(rule, defaults.get(ARGUMENT)) for rule, defaults in self.rules_of(self.openapi_url)]
        versioned = [one for one in found if one[1] is not None]
        return versioned[::-1] or found

    def _title(self, app: Flask) -> str:
        return self.title or app.name

    def document(self, app: Flask, version: str | None = None) -> dict[str, Any]:
        """The OpenAPI document.

        :param app: The application.
        :param version: The version of an Api that has several; the newest by default.
        """
        if version is None and self.versions is not None:
            version = self.versions.names[-1]
        key = id(app), version
        made = self._documents.get(key)
        if made is None:
            made = build(
                Described(
                    self._title(app), version or self.version, [{"url": one} for one in self.servers],
                    list(self._entries(app, version)),
                )
            )  # fmt: skip
            for hook in self._hooks:
                changed = hook(made)
                made = made if changed is None else changed
            self._documents[key] = made
        return made

    def _entries(self, app: Flask, version: str | None) -> Iterator[Entry]:
        registry = registry_of(app)
        for entry in entries_of(app, registry, self._rules(app, version), version):
            if version is not None and self.versions is not None and self.versions.deprecated(version):
                entry.described["deprecated"] = True
            yield entry

    def _rules(self, app: Flask, version: str | None) -> Iterator[Rule]:
        registry = registry_of(app)
        by_path = self.versions is not None and self.versions.path is not None
        for rule in app.url_map.iter_rules():
            endpoint = rule.endpoint.rpartition(".")[2]
            owner = registry.api_of(rule.endpoint)
            if (owner is not self and self._is_apart(owner)) or endpoint.startswith("openapi_"):
                continue
            if not rule.rule.startswith(self.prefix) and isinstance(self.owner, Flask):
                continue
            of_rule = (rule.defaults or {}).get(ARGUMENT)
            if endpoint == UNKNOWN or (by_path and of_rule != version and endpoint in self.groups):
                continue
            yield rule

    @staticmethod
    def _is_apart(api: TypedRoutes | None) -> bool:
        """Whether another Api has a document of its own."""
        return not isinstance(api, Documents) or api.openapi_url is not None


def _endpoint(rule: str) -> str:
    return "openapi" + "".join(one if one.isalnum() else "_" for one in rule)


def _as_yaml(rule: str) -> str:
    return f"{rule.removesuffix('.json')}.yaml"


def document_of(app: Flask, version: str | None = None, prefix: str | None = None) -> dict[str, Any]:
    """The document of an application's Api.

    :param prefix: The prefix of the Api, where the application has several.
    :raises LookupError: when there is no such Api.
    """
    apis = [api for api in registry_of(app).apis if isinstance(api, Documents)]
    if prefix is not None:
        apis = [api for api in apis if api.prefix == prefix]
    if not apis:
        raise LookupError("The application has no such Api: make one with Api(app).")
    return apis[0].document(app, version)
