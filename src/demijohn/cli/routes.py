"""``demijohn routes``: a table of the application's URL rules."""

from __future__ import annotations

import json
from typing import Any

import click
from werkzeug.routing import Map, Rule

from demijohn.cli.loading import current_application
from demijohn.cli.ports import Application
from demijohn.setup.commands import with_appcontext
from demijohn.setup.mounting import Mount
from demijohn.waiting.callables import is_async

_COLUMNS = ("endpoint", "methods", "domain", "rule", "match")
#: What is said of an application whose rules cannot be known.
_NOTHING = dict.fromkeys(("domain", "kind", "auth", "limits"), "")
_AUTOMATIC = frozenset({"HEAD", "OPTIONS"})


@click.command("routes", short_help="Show the routes for the app.")
@click.option(
    "-s", "--sort", default="endpoint", type=click.Choice(_COLUMNS),
    help="Column to sort by; 'match' is the order in which requests are matched.",
)  # fmt: skip
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS methods.")
@click.option("--json", "as_json", is_flag=True, help="Print the routes as a JSON array.")
@with_appcontext
def routes_command(sort: str, all_methods: bool, as_json: bool) -> None:
    """Show all registered routes: endpoint, methods and rule, kind of view, who may call it and how often."""
    app = current_application()
    url_map = app.url_map
    rules = list(url_map.iter_rules())
    if not rules and not app.mounts and not as_json:
        click.echo("No routes were registered.")
        return
    domain = "host" if url_map.host_matching else "subdomain"
    columns = {
        "endpoint": "Endpoint", "methods": "Methods", "domain": domain.title(), "rule": "Rule", "kind": "Kind",
        "auth": "Auth", "limits": "Limits",
    }  # fmt: skip
    if not any(getattr(rule, domain) for rule in rules):
        del columns["domain"]
    table = [_row(app, rule, domain, all_methods) for rule in rules]
    for mount in app.mounts.values():
        table += _rows_of(mount, all_methods)
    if sort in columns:
        table.sort(key=lambda row: row[sort])
    if as_json:
        click.echo(json.dumps([_as_json(row, columns) for row in table], indent=2))
        return
    widths = {name: max(len(columns[name]), *(len(row[name]) for row in table)) for name in columns}
    _print_row(columns, widths)
    _print_row({name: "-" * width for name, width in widths.items()}, widths)
    for row in table:
        _print_row(row, widths)


def _rows_of(mount: Mount, all_methods: bool) -> list[dict[str, str]]:
    """The rows of what is mounted; one for an application whose rules cannot be known."""
    url_map = getattr(mount.guest, "url_map", None)
    if not isinstance(url_map, Map):
        kind = (mount.interface or "").upper()
        return [{**_NOTHING, "endpoint": f"{mount.name}:", "methods": kind, "rule": f"{mount.prefix}/"}]
    domain = "host" if url_map.host_matching else "subdomain"
    rows = [_row(mount.guest, rule, domain, all_methods) for rule in url_map.iter_rules()]
    for below in getattr(mount.guest, "mounts", {}).values() if mount.ours else ():
        rows += _rows_of(below, all_methods)
    return [
        {**row, "endpoint": f"{mount.name}:{row['endpoint']}", "rule": f"{mount.prefix}{row['rule']}"}
        for row in rows
    ]


def _row(app: Application, rule: Rule, domain: str, all_methods: bool) -> dict[str, str]:
    methods = set(rule.methods or ()) - (set() if all_methods else _AUTOMATIC)
    websocket = bool(getattr(rule, "websocket", False))
    view = app.view_functions.get(rule.endpoint)
    notes: dict[str, str] = {}
    for describe in app.route_notes:
        notes |= describe(rule, view)
    return {
        "endpoint": str(rule.endpoint),
        "methods": "WEBSOCKET" if websocket else ", ".join(sorted(methods)),
        "domain": getattr(rule, domain) or "",
        "rule": rule.rule,
        "kind": "websocket" if websocket else "async" if view is not None and is_async(view) else "sync",
        "auth": notes.get("auth", ""),
        "limits": notes.get("limits", ""),
    }


def _as_json(row: dict[str, str], columns: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {name: row[name] for name in columns}
    shown["methods"] = row["methods"].split(", ") if row["methods"] else []
    return {
        name: value or None if name in {"auth", "limits", "domain"} else value
        for name, value in shown.items()
    }


def _print_row(row: dict[str, str], widths: dict[str, int]) -> None:
    click.echo("  ".join(f"{row[name]:<{width}}" for name, width in widths.items()))
