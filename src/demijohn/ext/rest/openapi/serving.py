"""Serving documents: JSON, YAML, and the page with Swagger UI, below the prefix of their Api.

A document is made with the first request for it. The page fetches nothing from elsewhere, runs no script of its
own text, and finds everything by relative addresses, so it works behind a prefix. This module must not know what
a document is made of.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from demijohn import Response, abort, request, send_from_directory
from demijohn.ext.rest.openapi.text import as_json, as_yaml

__all__ = ["CONTENT_SECURITY_POLICY", "page_of", "serve_file"]

_HERE = Path(__file__).parent
_FILES = {
    "page.css": _HERE, "page.js": _HERE, "swagger-ui.css": _HERE / "vendor" / "swagger-ui",
    "swagger-ui-bundle.js": _HERE / "vendor" / "swagger-ui", "LICENSE": _HERE / "vendor" / "swagger-ui",
}  # fmt: skip

#: Nothing from elsewhere, no inline script. The styles that Swagger UI sets on elements need no permission.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{files}/swagger-ui.css">
<link rel="stylesheet" href="{files}/page.css">
</head>
<body>
{chooser}<div id="swagger-ui" data-document="{document}"></div>
<script src="{files}/swagger-ui-bundle.js"></script>
<script src="{files}/page.js"></script>
</body>
</html>
"""


def page_of(title: str, docs_url: str, documents: list[tuple[str, str]]) -> Response:
    """The page that shows documents.

    :param docs_url: The path of the page, and beside it of its files.
    :param documents: The names and paths of the documents, the one that is shown first at the front.
    """
    folder = posixpath.dirname(docs_url) or "/"
    addresses = [(name, posixpath.relpath(path, folder)) for name, path in documents]
    chooser = ""
    if len(addresses) > 1:
        options = "".join(
            f'<option value="{escape(path)}">{escape(name)}</option>' for name, path in addresses
        )
        chooser = f'<p class="versions"><label>Version <select id="version">{options}</select></label></p>\n'
    html = _PAGE.format(
        title=escape(title),
        files=posixpath.relpath(docs_url, folder),
        document=escape(addresses[0][1]),
        chooser=chooser,
    )
    response = Response(html)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def serve_file(filename: str) -> Any:
    """A file of the page."""
    folder = _FILES.get(filename)
    if folder is None:
        abort(404)
    return send_from_directory(folder, filename, max_age=3600)


def document_view(make: Callable[[], dict[str, Any]], *, yaml: bool) -> Callable[..., Response]:
    """A view that serves a document.

    :param make: Makes the document, or has it.
    """

    def document(**path: Any) -> Response:
        made = served_from(make(), request.root_path)
        text, media_type = (
            (as_yaml(made), "application/yaml") if yaml else (as_json(made), "application/json")
        )
        return Response(text, content_type=media_type)

    return document


def served_from(document: dict[str, Any], root_path: str) -> dict[str, Any]:
    """A document for clients that find the application below a prefix."""
    if document["servers"]:
        return document
    return {**document, "servers": [{"url": root_path or "/"}]}
