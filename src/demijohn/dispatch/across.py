"""Addresses of other applications: of those that are mounted here, and of the one that this is mounted in.

``"old:bottle"`` is an endpoint of what is mounted as ``old``, ``":index"`` one of the outermost application, and
``"old:/bottles/3"`` a path of any application. This module must not know who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from werkzeug.routing import BuildError, Map, MapAdapter
from werkzeug.urls import _urlencode as query_of

from demijohn.contexts.context import AppContext
from demijohn.setup.mounting import Mount, Ours

__all__ = ["place_of", "url_across"]

#: What may stand bare in a path, as in those that rules build.
_PATH_SAFE = "%!$&'()*+,/:;=@~"


class UnknownAcross(BuildError):
    """An endpoint of another application that is not there, with the reason."""

    def __init__(self, reason: str, endpoint: str, values: Mapping[str, Any], method: str | None) -> None:
        super().__init__(endpoint, values, method)
        self.reason = reason

    def __str__(self) -> str:
        return f"Could not build url for endpoint {self.endpoint!r}: {self.reason}"


def place_of(app: Ours) -> tuple[str | None, str, str]:
    """Where an application is, outside of requests: server name, root and scheme.

    One that is mounted, and has no ``SERVER_NAME`` of its own, is below the application that it is mounted in.
    """
    config: Any = app.config
    mount = app.mounted
    if mount is None or config["SERVER_NAME"] is not None:
        return config["SERVER_NAME"], config["APPLICATION_ROOT"], config["PREFERRED_URL_SCHEME"]
    server_name, root, scheme = place_of(mount.host)
    return server_name, mount.below(root), scheme


def prefix_of(app: Ours) -> str:
    """What stands before an application's paths, below the prefix of the server's own."""
    mount = app.mounted
    return "" if mount is None else f"{prefix_of(mount.host)}{mount.prefix}"


def outermost(app: Ours) -> Ours:
    """The application that is mounted nowhere."""
    while app.mounted is not None:
        app = app.mounted.host
    return app


def url_across(
    app: Ours, ctx: AppContext | None, adapter: MapAdapter, endpoint: str, values: dict[str, Any], *,
    method: str | None, scheme: str | None, external: bool,
) -> str:  # fmt: skip
    """The URL of an endpoint, or of a path, of another application.

    :param app: The application that asks.
    :param ctx: The current context.
    :param adapter: Its builder of URLs, for the host and the scheme.
    :raises BuildError: when there is no such application, or no such endpoint.
    """
    below, text = endpoint[:1] != ":", endpoint.removeprefix(":")
    target: Any = app if below else outermost(app)
    prefix = prefix_of(app) if below else ""
    mount: Mount | None = None
    while text[:1] != "/" and ":" in text and getattr(target, "mounts", None) is not None:
        name, _, rest = text.partition(":")
        mount = target.mounts.get(name)
        if mount is None:
            if target is not app or not below:
                break  # an endpoint may have a colon of its own
            known = ", ".join(repr(known) for known in target.mounts) or "nothing"
            reason = f"no application is mounted as {name!r} in {target.name!r}, but {known}."
            raise UnknownAcross(reason, endpoint, values, method)
        target, text, prefix = mount.guest, rest, f"{prefix}{mount.prefix}"
    root = f"{_server_root(app, ctx)}{prefix}"
    if text[:1] == "/":
        path = f"{quote(root)}{quote(text, safe=_PATH_SAFE)}"
        if values:
            path = f"{path}?{query_of(values)}"
        if not external:
            return path
        return f"{scheme or adapter.url_scheme}://{adapter.get_host(None)}{path}"
    url_map = getattr(target, "url_map", None)
    if not isinstance(url_map, Map):
        reason = (
            f"what is mounted at {prefix} has no endpoints that are known here. Give its path:"
            f" url_for('{endpoint.partition(':')[0]}:/path')."
        )
        raise UnknownAcross(reason, endpoint, values, method)
    inject = getattr(target, "inject_url_defaults", None)
    if inject is not None:
        inject(text, values)
    if mount is None or mount.ours:
        way = target._way or target.settle()
        if text in way.elsewhere or not (external or way.by_adapter):
            path = way.router.build(text, values, method)
            if path is not None:
                return path if path[:1] != "/" else f"{quote(root)}{path}"
    bound = url_map.bind(
        adapter.server_name, script_name=root or "/", url_scheme=scheme or adapter.url_scheme,
        subdomain=None if url_map.host_matching else url_map.default_subdomain or "",
    )  # fmt: skip
    url: str = bound.build(text, values, method=method, url_scheme=scheme, force_external=external)
    return url


def _server_root(app: Ours, ctx: AppContext | None) -> str:
    """The prefix of the server's own."""
    request = None if ctx is None else ctx.request
    if request is None:
        return place_of(outermost(app))[1].rstrip("/")
    given = request.environ.get("demijohn.root_path")
    root: str = request.root_path if given is None else given
    return root
