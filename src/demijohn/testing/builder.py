"""Request environments for tests, with the application's own defaults.

Knows the application's configuration and JSON provider; knows nothing of how the request is sent.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, urlsplit

import werkzeug.test


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Werkzeug's builder, which here asks the application for the host, the scheme, the root and JSON.

    `app` is the application to test. `path` may be a path or a whole URL. Give either `base_url`, or any of
    `subdomain` (put before ``SERVER_NAME``) and `url_scheme` (instead of ``PREFERRED_URL_SCHEME``). All that
    follows is Werkzeug's: ``method``, ``data``, ``json``, ``query_string``, ``headers``, ``content_type`` ...

    Raises `ValueError` when `base_url` is given together with what it already says.
    """

    def __init__(
        self,
        app: Any,
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

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON text, made by the application's JSON provider."""
        text: str = self.app.json.dumps(obj, **kwargs)
        return text


def _base_url(config: Any, target: SplitResult, subdomain: str | None, url_scheme: str | None) -> str:
    """Return scheme, host and root for a request to `target`, whose own parts win over the configuration."""
    host = target.netloc
    if not host:
        host = config.get("SERVER_NAME") or "localhost"
        host = f"{subdomain}.{host}" if subdomain else host
    scheme = target.scheme or url_scheme or config["PREFERRED_URL_SCHEME"]
    root = str(config["APPLICATION_ROOT"]).lstrip("/")
    return f"{scheme}://{host}/{root}"
