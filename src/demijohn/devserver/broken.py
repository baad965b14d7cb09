"""The page that stands in for an application that cannot be loaded, until it can.

It asks for itself every second and reloads when something else answers. The traceback is shown
only when debug mode is on; it is escaped, and nothing in the page comes from elsewhere.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import Any

from demijohn.typing import StartResponse, WSGIApplication

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<noscript><meta http-equiv="refresh" content="3"></noscript>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 60rem; margin: 3rem auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.4rem; margin-bottom: .25rem; color: #b3261e; }}
p {{ margin-top: 0; opacity: .75; }}
pre {{ padding: 1rem; border-radius: .5rem; background: #8882; overflow-x: auto; font-size: .9rem; }}
</style>
</head>
<body>
<h1>The application could not be loaded</h1>
<p>This page reloads itself when the error is mended.</p>
{advice}<pre>{detail}</pre>
<script>
setInterval(function () {{
  fetch(location.href, {{method: "HEAD", cache: "no-store"}}).then(function (answer) {{
    if (!answer.headers.get("X-Demijohn-Broken")) location.reload();
  }}, function () {{}});
}}, 1000);
</script>
</body>
</html>
"""

_HIDDEN = "The reason is printed where the server runs."


def _answers(text: str, advice: str) -> tuple[bytes, bytes]:
    """The page and the plain text that show a traceback."""
    last = text.strip().splitlines()[-1] if text.strip() else "Error"
    said = f"<p>{html.escape(advice)}</p>\n" if advice and text is not _HIDDEN else ""
    page = _PAGE.format(title=html.escape(last), detail=html.escape(text), advice=said)
    return page.encode("utf-8", "replace"), text.encode("utf-8", "replace")


def broken_app(
    detail: str | None, advice: str = "", shows: Callable[[str | None], bool] = lambda _: True
) -> WSGIApplication:
    """A WSGI application that answers every request with status 500 and this error.

    :param detail: The traceback; None when it must not be shown.
    :param advice: What to do about it.
    :param shows: Whether it may be shown under a Host.
    """
    told, hidden = (_answers(text, advice) for text in (_HIDDEN if detail is None else detail, _HIDDEN))

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        page, plain = told if shows(environ.get("HTTP_HOST")) else hidden
        wants_html = "text/html" in environ.get("HTTP_ACCEPT", "")
        body, kind = (page, "text/html") if wants_html else (plain, "text/plain")
        headers = [
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Demijohn-Broken", "1"),
        ]
        start_response("500 INTERNAL SERVER ERROR", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    return application
