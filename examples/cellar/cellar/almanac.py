"""An almanac of harvests: an application of plain WSGI (PEP 3333), older than the cellar and unchanged by it.

It knows neither the cellar nor any framework, and could run by itself (`wsgiref.simple_server`). The cellar
mounts it at /almanac, in one process and on one port.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

FIRST = 2015
#: Five is a great harvest, one a poor one; the first number is of the year `FIRST`.
HARVESTS: Mapping[str, str] = {
    "Douro": "4435342453",
    "Jura": "4324535243",
    "Mosel": "4443542443",
    "Piedmont": "4553345443",
    "Rioja": "4343344342",
    "Tokaj": "3354433453",
}

STYLE = """\
:root { color-scheme: light dark; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 Georgia, serif; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
tbody th { text-align: start; }
td { text-align: center; }
td.great { font-weight: bold; }
"""
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(root: str) -> str:
    """The table, with addresses below `root`, the path at which it is mounted."""
    years = range(FIRST, FIRST + len(HARVESTS["Douro"]))
    head = "".join(f'<th scope="col">{year}</th>' for year in years)
    rows = "".join(
        f'<tr><th scope="row">{region}</th>'
        + "".join(f'<td class="{"great" if mark == "5" else "fair"}">{mark}</td>' for mark in marks)
        + "</tr>"
        for region, marks in HARVESTS.items()
    )
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Almanac of harvests</title>
<link rel="stylesheet" href="{root}/almanac.css"><link rel="icon" href="data:,">
<h1>Almanac of harvests</h1>
<p>From 1, a poor harvest, to 5, a great one.</p>
<div><table><thead><tr><th scope="col">Region</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>
<p><a href="/">Back</a></p>
</html>
"""


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request as PEP 3333 has it."""
    path = environ.get("PATH_INFO", "/")
    status, kind, text = "200 OK", "text/html; charset=utf-8", ""
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        status, kind, text = (
            "405 Method Not Allowed",
            "text/plain; charset=utf-8",
            "The almanac is for reading.\n",
        )
    elif path == "/":
        text = page(environ.get("SCRIPT_NAME", ""))
    elif path == "/almanac.css":
        kind, text = "text/css; charset=utf-8", STYLE
    else:
        status, kind, text = "404 Not Found", "text/plain; charset=utf-8", "The almanac has no such page.\n"
    body = text.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Allow", "GET, HEAD"),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
