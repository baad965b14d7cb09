"""What is wrong with an application's blueprints: ``demijohn oauth check``, and what ``demijohn check`` is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from demijohn import Flask, current_app
from demijohn.cli import AppGroup
from demijohn.ext.oauth.address import MEND, is_plain
from demijohn.ext.oauth.consumer.base import BaseOAuthConsumerBlueprint
from demijohn.ext.oauth.consumer.oidc import OIDCBlueprint
from demijohn.ext.oauth.consumer.storage import MemoryStorage
from demijohn.ext.oauth.errors import OAuthError, TokenExpired
from demijohn.ext.oauth.pages import problem
from demijohn.ext.oauth.providers import PROVIDERS
from demijohn.extend import Finding, add_check, answer_errors

__all__ = ["attach", "oauth"]

oauth = AppGroup("oauth", help="Signing in with others.")


@oauth.command("check")
def check() -> None:
    """Print each blueprint, the address that its provider needs to know, and what is wrong. Exits 1 if anything is."""
    known: dict[str, BaseOAuthConsumerBlueprint] = current_app.extensions.get("oauth", {})
    wrong = 0
    for name, blueprint in known.items():
        address, faults = look_at(blueprint)
        click.echo(f"{name}  {address}")
        if not blueprint.redirect_uri and not current_app.config.get("SERVER_NAME"):
            click.echo("  (requests tell the real host: SERVER_NAME, or redirect_uri=, has it shown here)")
        for fault in faults:
            wrong += 1
            click.echo(f"  {fault}")
    if not known:
        click.echo("No blueprint signs anybody in with others.")
    if wrong:
        raise click.exceptions.Exit(1)


def look_at(blueprint: BaseOAuthConsumerBlueprint) -> tuple[str, list[str]]:
    """A blueprint's redirect address, and what is wrong, a sentence each."""
    with current_app.test_request_context(base_url=_base_url()):
        blueprint.load_config()
        address = blueprint.return_address()
        faults = list(_faults(blueprint, address))
    return address, faults


def _base_url() -> str | None:
    """Where the application is, as far as its settings tell: PREFERRED_URL_SCHEME and SERVER_NAME."""
    config = current_app.config
    if not config.get("SERVER_NAME"):
        return None
    return f"{config['PREFERRED_URL_SCHEME']}://{config['SERVER_NAME']}{config['APPLICATION_ROOT'] or '/'}"


def _faults(blueprint: Any, address: str) -> Iterator[str]:
    for name in blueprint.needed:
        if not getattr(blueprint, name):
            yield f"There is no {name}: set {blueprint.from_config.get(name, name + '=')}."
    if is_plain(address):
        yield f"Its address is plain HTTP. {MEND}"
    row = PROVIDERS.get(blueprint.provider)
    if row is not None and row.closed:
        yield f"{row.title} cannot be used any more. {row.closed}"
    known = frozenset(row.scopes.split() if row is not None else ())
    if isinstance(blueprint, OIDCBlueprint):
        try:
            known = frozenset(blueprint.issuer.metadata().get("scopes_supported") or ())
        except OAuthError as error:
            yield f"Its issuer cannot be used: {error.description or error.error}."
    scope = getattr(blueprint, "scope", None) or ()
    asked = scope.replace(",", " ").split() if isinstance(scope, str) else scope
    for unknown in [name for name in asked if known and name not in known]:
        yield f"The provider does not know the scope {unknown!r}."


def attach(app: Flask, blueprint: BaseOAuthConsumerBlueprint) -> None:
    """Give an application the command, the check and the page for tokens that are over, with its first blueprint."""
    if oauth.name in app.cli.commands:
        return
    app.cli.add_command(oauth)
    add_check(app, _findings)
    answer_errors(app, _find_handler)


def _findings(app: Flask) -> Iterator[Finding]:
    """What ``demijohn check --deploy`` is told."""
    known: dict[str, BaseOAuthConsumerBlueprint] = app.extensions.get("oauth", {})
    for name, blueprint in known.items():
        if isinstance(blueprint.storage, MemoryStorage):
            yield Finding(
                "shared-token", "serious", f"The blueprint {name!r} keeps its token in memory, for everybody.",
                "Whoever signs in last is whom all visitors act as.",
                "Use SessionStorage, which is the default, or SQLAlchemyStorage.",
            )  # fmt: skip
        if blueprint.redirect_uri and is_plain(blueprint.redirect_uri):
            yield Finding(
                "plain-redirect", "serious", f"The redirect_uri of the blueprint {name!r} is plain HTTP.",
                "Whoever reads along can sign in as somebody else.", "Give it an address of HTTPS.",
            )  # fmt: skip
        if (
            getattr(blueprint, "kwargs", {}).get("verify") is False
            or getattr(blueprint, "token_url_params", {}).get("verify", True) is False
        ):
            yield Finding(
                "unverified-provider", "serious", f"The blueprint {name!r} does not verify its provider's certificate.",
                "Anybody on the way can take the provider's place.", "Leave verify_tls_certificates as it is.",
            )  # fmt: skip


def _find_handler(error: Exception) -> Any:
    return _answer_expired if isinstance(error, TokenExpired) else None


def _answer_expired(error: TokenExpired) -> Any:
    """A page for whose token is over: it offers to sign in again, and does not send them there, lest that never end."""
    known: dict[str, BaseOAuthConsumerBlueprint] = current_app.extensions["oauth"]
    again = next((blueprint for blueprint in known.values() if blueprint.name == error.blueprint), None)
    return problem(
        401, "Sign in again", "What you had signed in with has ended.",
        again=None if again is None else again.login_address(),
    )  # fmt: skip
