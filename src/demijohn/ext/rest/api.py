"""The Api: typed routes under one prefix, their providers, versions and documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from demijohn import Blueprint, Flask
from demijohn.ext.rest.openapi.documents import Documents
from demijohn.ext.rest.openapi.cli import add_command
from demijohn.ext.rest.versions import Versions
from demijohn.sessions.server_side import MemoryStore, SessionStore

__all__ = ["Api"]


class Api(Documents):
    """An API of an application or blueprint.

    :param app: The application or blueprint; or call :meth:`init_app` later.
    :param prefix: Put before each rule.
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
        self, app: Flask | Blueprint | None = None, prefix: str = "", *, title: str | None = None,
        version: str = "1.0", versions: Versions | None = None, openapi_url: str | UnsetType | None = UNSET,
        docs_url: str | None = "/docs", servers: Sequence[str] = (),
        store: SessionStore | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.prefix = prefix
        self.title = title
        self.version = version
        self.versions = versions
        self.openapi_url = openapi_url
        self.docs_url = docs_url
        self.servers = servers
        self.store = MemoryStore() if store is None else store
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Serve the API from an application or blueprint."""
        self.attach(app)
        owner = self.owner
        assert owner is not None
        self.serve_documents(owner)
        if isinstance(owner, Blueprint):
            owner.record_once(lambda state: add_command(state.app))
        else:
            add_command(owner)
