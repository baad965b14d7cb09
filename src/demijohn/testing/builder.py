"""Request environments for tests, with the application's own defaults.

Knows the application's configuration and JSON provider; knows nothing of how the request is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import werkzeug.test

from demijohn.testing.ports import Application

__all__ = ["EnvironBuilder"]


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Werkzeug's builder, which here asks the application for the host, the scheme, the root and JSON.

    :param app: The application to test.
    :param path: A path or a whole URL.
    :param base_url: Scheme, host and root; else they come of the application and the next two.
    :param subdomain: Put before ``SERVER_NAME``.
    :param url_scheme: Instead of ``PREFERRED_URL_SCHEME``.
    :param args: Werkzeug's, as ``kwargs`` are: ``method``, ``data``, ``json``, ``query_string``, ``headers`` ...
    :raises ValueError: When ``base_url`` is given together with what it already says.
    """

    def __init__(
        self,
        app: Application,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if base_url is not None and (subdomain or url_scheme):
            raise ValueError(
                "base_url already holds the host and the scheme: leave it out, or subdomain and url_scheme"
            )
        if base_url is None:
            target = urlsplit(path)
            base_url = _base_url(app.config, target, subdomain, url_scheme)
            path = f"{target.path}?{target.query}" if target.query else target.path
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: object, **kwargs: Any) -> str:
        """A value as JSON text, made by the application's JSON provider."""
        return self.app.json.dumps(obj, **kwargs)


def _base_url(
    config: Mapping[str, Any], target: SplitResult, subdomain: str | None, url_scheme: str | None
) -> str:  # fmt: skip
    """Scheme, host and root for a request to ``target``, whose own parts win over the configuration."""
    host = target.netloc
    if not host:
        host = config.get("SERVER_NAME") or "localhost"
        host = f"{subdomain}.{host}" if subdomain else host
    scheme = target.scheme or url_scheme or config["PREFERRED_URL_SCHEME"]
    root = str(config["APPLICATION_ROOT"]).lstrip("/")
    return f"{scheme}://{host}/{root}"
