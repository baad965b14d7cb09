"""``demijohn routes``: a table of the application's URL rules."""

from __future__ import annotations

import click
from werkzeug.routing import Map, Rule

from demijohn.cli.loading import current_application
from demijohn.setup.commands import with_appcontext
from demijohn.setup.mounting import Mount

_COLUMNS = ("endpoint", "methods", "domain", "rule", "match")
_AUTOMATIC = frozenset({"HEAD", "OPTIONS"})


@click.command("routes", short_help="Show the routes for the app.")
@click.option(
    "-s", "--sort", default="endpoint", type=click.Choice(_COLUMNS),
    help="Column to sort by; 'match' is the order in which requests are matched.",
)  # fmt: skip
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS methods.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """Show all registered routes with endpoints and methods."""
    app = current_application()
    url_map = app.url_map
    rules = list(url_map.iter_rules())
    if not rules and not app.mounts:
        click.echo("No routes were registered.")
        return
    domain = "host" if url_map.host_matching else "subdomain"
    columns = {"endpoint": "Endpoint", "methods": "Methods", "domain": domain.title(), "rule": "Rule"}
    if not any(getattr(rule, domain) for rule in rules):
        del columns["domain"]
    table = [_row(rule, domain, all_methods) for rule in rules]
    for mount in app.mounts.values():
        table += _rows_of(mount, all_methods)
    if sort in columns:
        table.sort(key=lambda row: row[sort])
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
        return [{"endpoint": f"{mount.name}:", "methods": kind, "domain": "", "rule": f"{mount.prefix}/"}]
    domain = "host" if url_map.host_matching else "subdomain"
    rows = [_row(rule, domain, all_methods) for rule in url_map.iter_rules()]
    for below in getattr(mount.guest, "mounts", {}).values() if mount.ours else ():
        rows += _rows_of(below, all_methods)
    return [
        {**row, "endpoint": f"{mount.name}:{row['endpoint']}", "rule": f"{mount.prefix}{row['rule']}"}
        for row in rows
    ]


def _row(rule: Rule, domain: str, all_methods: bool) -> dict[str, str]:
    methods = set(rule.methods or ()) - (set() if all_methods else _AUTOMATIC)
    return {
        "endpoint": str(rule.endpoint),
        "methods": "WEBSOCKET" if getattr(rule, "websocket", False) else ", ".join(sorted(methods)),
        "domain": getattr(rule, domain) or "",
        "rule": rule.rule,
    }


def _print_row(row: dict[str, str], widths: dict[str, int]) -> None:
    click.echo("  ".join(f"{row[name]:<{width}}" for name, width in widths.items()))
