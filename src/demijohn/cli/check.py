"""``demijohn check``: what should be otherwise before others can reach the application.

It reads the real application, as it would be served. Each check here is a function of the application that
yields findings; extensions add theirs with :func:`demijohn.extend.add_check`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeAlias

import click

from demijohn.cli.loading import NoAppException, ScriptInfo, pass_script_info
from demijohn.cli.ports import Application
from demijohn.config import listed
from demijohn.http import csp
from demijohn.setup.checks import Finding, weakness

__all__ = ["check_command", "findings"]

Check: TypeAlias = Callable[[Any], Iterable[Finding]]

_ORDER = {"serious": 0, "warning": 1, "note": 2}
_COLOURS = {"serious": "red", "warning": "yellow", "note": "cyan"}


@click.command("check", short_help="Find what should be otherwise before it is served.")
@click.option(
    "--deploy", is_flag=True, help="Look for what must hold where others can reach the application."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON array.")
@pass_script_info
def check_command(info: ScriptInfo, deploy: bool, as_json: bool) -> None:
    """Load the application and look at it; exit with 1 for a serious finding, with 2 when it does not load."""
    try:
        app = info.load_app()
        app.settle()
    except NoAppException as e:
        _fail(e.format_message())
    except Exception as e:
        _fail(f"The application does not load: {type(e).__name__}: {e}")
    with app.app_context():
        found = findings(app) if deploy else []
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in found], indent=2))
    else:
        _show(app, found, deploy)
    if any(finding.level == "serious" for finding in found):
        raise SystemExit(1)


def _fail(message: str) -> NoReturn:
    click.secho(message, err=True, fg="red")
    raise SystemExit(2)


def _show(app: Application, found: list[Finding], deploy: bool) -> None:
    if not deploy:
        click.echo(f"{app.name} loads, and its settings are of the kinds they can be.")
        click.echo("What must hold where others can reach it: demijohn check --deploy")
    for finding in found:
        click.secho(f"{finding.level}: {finding.id}", fg=_COLOURS[finding.level], bold=True)
        for line in (finding.what, finding.why, finding.mend):
            click.echo(f"    {line}")
    if deploy and not found:
        click.echo("Nothing was found.")


def findings(app: Application) -> list[Finding]:
    """What is found out about an application, the serious first, without what ``SILENCED_CHECKS`` names."""
    silenced = set(listed(app.own_setting("SILENCED_CHECKS")))
    checks: list[Check] = [*CHECKS, *app.checks]
    found = [finding for check in checks for finding in check(app) if finding.id not in silenced]
    return sorted(found, key=lambda finding: _ORDER[finding.level])


_NEW_KEY = (
    "Make one with python -c 'import secrets; print(secrets.token_hex())' and hand it over in the environment, outside"
    " of the code."
)


def _secret_key(app: Application) -> Iterator[Finding]:
    key = app.config["SECRET_KEY"]
    if not key:
        what = "SECRET_KEY is not set."
        yield Finding(
            "secret-key", "warning", what, "What is signed, sessions first of all, is an error.", _NEW_KEY
        )
    named = [
        ("SECRET_KEY", key),
        *(("SECRET_KEY_FALLBACKS", k) for k in listed(app.config["SECRET_KEY_FALLBACKS"])),
    ]
    for name, value in named:
        reason = weakness(value) if value else None
        if reason is not None:
            what = f"{name} {'has a key that ' if name != 'SECRET_KEY' else ''}{reason}."
            yield Finding("secret-key", "serious", what, "Who guesses it can be any user.", _NEW_KEY)


def _debug(app: Application) -> Iterator[Finding]:
    if app.debug:
        yield Finding(
            "debug", "serious", "DEBUG is on.", "Errors show code and values to whoever causes them.",
            "Unset DEMIJOHN_DEBUG and FLASK_DEBUG, and leave --debug away.",
        )  # fmt: skip


def _body_limit(app: Application) -> Iterator[Finding]:
    why = "One request can fill the disk, or the memory."
    if app.config["MAX_CONTENT_LENGTH"] is None:
        mend = "Set it to what the largest form needs, in bytes; a route takes more with max_content_length=."
        yield Finding("body-limit", "serious", "MAX_CONTENT_LENGTH is None.", why, mend)
    for rule in app.url_map.iter_rules():
        if getattr(rule, "max_content_length", 0) is None:
            what = f"The route {rule.rule!r} takes a body of any size (max_content_length=None)."
            yield Finding("body-limit", "serious", what, why, "Give it a number of bytes.")


def _trusted_hosts(app: Application) -> Iterator[Finding]:
    if not app.config["TRUSTED_HOSTS"]:
        yield Finding(
            "trusted-hosts", "warning", "TRUSTED_HOSTS is not set.",
            "Links in mails and redirects have the host that the request named, which anybody can make up.",
            "Set it to the names of the site: TRUSTED_HOSTS = ['www.example.org'].",
        )  # fmt: skip


def _session_cookie(app: Application) -> Iterator[Finding]:
    wrong = {
        "SESSION_COOKIE_SECURE": (
            False,
            "It is sent over plain HTTP too, where anybody on the way reads it.",
            "'auto'",
        ),
        "SESSION_COOKIE_HTTPONLY": (False, "A script that gets into a page can send it elsewhere.", "True"),
        "SESSION_COOKIE_SAMESITE": (
            None,
            "Browsers differ in whether other sites' requests bring it.",
            "'Lax'",
        ),
    }
    for name, (bad, why, good) in wrong.items():
        if app.config[name] is bad:
            yield Finding("session-cookie", "warning", f"{name} is {bad}.", why, f"Set it to {good}.")


def _hsts(app: Application) -> Iterator[Finding]:
    fields = app.settle().fields
    if fields.hsts is None and "strict-transport-security" not in fields.names:
        yield Finding(
            "hsts", "note", "HSTS is not set.", "A visitor's first request of each day may go by plain HTTP.",
            "Once all of the site is served over https: HSTS = 31_536_000, a year.",
        )  # fmt: skip
    elif fields.hsts is not None and app.own_setting("TRUSTED_PROXIES") is None:
        yield Finding(
            "hsts", "note", "HSTS is set, and TRUSTED_PROXIES is not.",
            "It is sent with answers over https only, and behind a TLS proxy no request seems to be one.",
            "Set TRUSTED_PROXIES to the number of proxies, or serve with --cert.",
        )  # fmt: skip


def _csp(app: Application) -> Iterator[Finding]:
    fields = app.settle().fields
    policy = fields.policies.get("Content-Security-Policy")
    why = "A script that gets into a page runs with the rights of who looks at it."
    strict = "Set CSP = 'strict' and give scripts of your own nonce=\"{{ csp_nonce() }}\"; try it as CSP_REPORT_ONLY."
    if policy is None:
        if "content-security-policy" not in fields.names:
            yield Finding("csp", "warning", "There is no Content-Security-Policy.", why, strict)
    else:
        scripts = policy.directives.get("script-src", policy.directives.get("default-src"))
        if scripts is None or ("'unsafe-inline'" in scripts and csp.NONCE not in scripts):
            what = "CSP lets every script run." if scripts is None else "CSP lets scripts in the page run."
            yield Finding("csp", "note", what, why, strict)
        for name in csp.DEFAULT:
            if name not in policy.directives and (
                name != "object-src" or "default-src" not in policy.directives
            ):
                what, why_not = (
                    f"CSP says nothing of {name}.",
                    "A policy that is set stands in the place of the default.",
                )
                yield Finding("csp", "note", what, why_not, f"Add {name!r}: {csp.DEFAULT[name]}.")
    without = sorted({rule.rule for rule in app.url_map.iter_rules() if getattr(rule, "csp", 0) is None})
    if without:
        yield Finding(
            "csp", "note", f"Routes without a policy (csp=None): {', '.join(without)}.", why, strict
        )


def _cross_origin(app: Application) -> Iterator[Finding]:
    way = app.settle()
    if not way.checks_origin and "csrf" not in app.extensions:
        yield Finding(
            "cross-origin", "warning", "Nothing tells a form of this site from one of another (CROSS_ORIGIN_CHECK).",
            "Any page can have a visitor's browser send forms here, with the visitor's cookies.",
            "Leave CROSS_ORIGIN_CHECK on, and name exceptions in TRUSTED_ORIGINS or with cross_origin=True.",
        )  # fmt: skip
    let_in = sorted({rule.rule for rule in app.url_map.iter_rules() if _lets_any_in(app, rule)})
    if let_in and way.checks_origin:
        yield Finding(
            "cross-origin", "note", f"Routes that any site may send to (cross_origin=True): {', '.join(let_in)}.",
            "A visitor's cookies come along.", "Have them checked by a signature or a token, or take the option away.",
        )  # fmt: skip
    plain = _without_https(way.trusted_origins)
    if plain:
        yield Finding(
            "cross-origin", "warning", f"TRUSTED_ORIGINS has origins without https: {', '.join(plain)}.",
            "Anybody between a visitor and such a page can change it.", "Name their https addresses.",
        )  # fmt: skip


def _lets_any_in(app: Application, rule: Any) -> bool:
    """Whether a route takes requests of any site, and its view does not say that it looks at Origin by itself."""
    view = app.view_functions.get(rule.endpoint)
    return getattr(rule, "cross_origin", False) and getattr(view, "checks_origin", False) is not True


def _without_https(origins: Iterable[str]) -> list[str]:
    return sorted(origin for origin in origins if not origin.startswith("https:"))


def _cors(app: Application) -> Iterator[Finding]:
    for sharing in app.settle().sharings:
        where = f"blueprint {sharing.blueprint!r}" if sharing.blueprint else f"path {sharing.path or '/'!r}"
        if sharing.any_origin:
            yield Finding(
                "cors", "note", f"Scripts of any site may read what is below the {where}.",
                "It is as public as a page without a login, and as one in an internal network.",
                "If that is not meant, list the origins.",
            )  # fmt: skip
        plain = _without_https(sharing.origins)
        if plain:
            yield Finding(
                "cors", "warning", f"cors() of the {where} has origins without https: {', '.join(plain)}.",
                "Anybody between a visitor and such a page can read what it reads.", "Name their https addresses.",
            )  # fmt: skip


def _upload_folder(app: Application) -> Iterator[Finding]:
    owners = [app, *app.iter_blueprints()]
    static = [os.path.realpath(owner.static_folder) for owner in owners if owner.static_folder]
    for name, value in sorted(app.config.items()):
        if "UPLOAD" not in name or not name.endswith(("FOLDER", "DEST", "DIR", "DIRECTORY", "PATH")):
            continue
        if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
            continue
        folder = os.path.realpath(os.path.join(app.root_path, os.fspath(value)))
        if any(folder == base or folder.startswith(base + os.sep) for base in static):
            yield Finding(
                "upload-folder", "warning", f"{name} is a folder in a static folder.",
                "What anybody uploads is served as this site's own: a page of theirs has your visitors' session.",
                "Keep uploads elsewhere, and send them with send_from_directory(..., as_attachment=True).",
            )  # fmt: skip


def _memory_store(app: Application) -> Iterator[Finding]:
    store = getattr(app.session_interface, "store", None)
    if getattr(store, "shared", True) is False:
        yield Finding(
            "memory-store", "warning", "Sessions are kept in memory.",
            "Each worker has its own, and a restart ends them all.", "Give the sessions a Redis or an SQL store.",
        )  # fmt: skip


#: The checks of the package itself, in the order of the page about them.
CHECKS: tuple[Check, ...] = (
    _secret_key, _debug, _body_limit, _trusted_hosts, _session_cookie, _hsts, _csp, _cross_origin, _cors,
    _upload_folder, _memory_store,
)  # fmt: skip
