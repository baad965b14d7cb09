"""Makes blueprints, and the proxies to their sessions, from the table of providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.local import LocalProxy

from demijohn import current_app
from demijohn.ext.oauth.consumer.base import BaseOAuthConsumerBlueprint
from demijohn.ext.oauth.consumer.oauth2 import OAuth2ConsumerBlueprint
from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.ports import Identify, Scope, SessionClass, Settings
from demijohn.ext.oauth.providers import PROVIDERS, Provider
from demijohn.extend import later

if TYPE_CHECKING:
    from demijohn.ext.oauth.consumer import requests as sessions
else:
    sessions = later("demijohn.ext.oauth.consumer.requests")  # 150 ms, and only a type is asked for

__all__ = ["Maker", "maker", "session_of"]


class Maker:
    """Makes the blueprint of one provider: what ``make_github_blueprint`` and its like are.

    :param name: The provider's name in the table.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.__name__ = f"make_{name}_blueprint"
        self.__doc__ = f"""Make a blueprint that signs visitors in with {PROVIDERS[name].title}.

        What it needs is given here, or is in the settings ``{name.upper()}_OAUTH_CLIENT_ID`` and
        ``{name.upper()}_OAUTH_CLIENT_SECRET``. Options of this provider alone: {", ".join(self.options()) or "none"}.
        The others are those of :class:`OAuth2ConsumerBlueprint`.
        """

    def options(self) -> dict[str, Any]:
        """The options that only this provider's blueprint takes, with their defaults."""
        row = PROVIDERS[self.name]
        return {
            **dict.fromkeys(row.flags, False), **dict.fromkeys(row.values), **row.fields, **row.options,
        }  # fmt: skip

    def __call__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        scope: Scope = None,
        redirect_url: str | None = None,
        redirect_to: str | None = None,
        redirect_uri: str | None = None,
        login_url: str | None = None,
        authorized_url: str | None = None,
        identity: Identify = None,
        session_class: SessionClass = None,
        storage: BaseStorage | Callable[[], BaseStorage] | None = None,
        rule_kwargs: Settings = None,
        **options: Any,
    ) -> OAuth2ConsumerBlueprint:
        """The blueprint.

        :raises TypeError: for an option that this provider does not have.
        """
        row = PROVIDERS[self.name]
        client_id = options.pop(row.arguments[0], client_id)
        client_secret = options.pop(row.arguments[1], client_secret)
        known = self.options()
        unknown = sorted(options.keys() - known.keys())
        if unknown:
            has = f"It has: {', '.join(sorted(known))}." if known else "It has none of its own."
            raise TypeError(f"{self.__name__} has no option {', '.join(map(repr, unknown))}. {has}")
        chosen = {**known, **options}
        filled = _fill_in(row, chosen)
        scope = scope or row.scope
        if row.spaced and isinstance(scope, str):
            scope = scope.replace(",", " ")
        elif row.commas and scope is not None and not isinstance(scope, str) and len(scope) > 1:
            scope = ",".join(scope)
        token_url = row.token_url.format(**filled)
        renewed = (
            row.refresh is True or bool(chosen.get(str(row.refresh))) or str(row.refresh) in (scope or ())
        )
        made = ProviderBlueprint(
            self.name, __name__, client_id, client_secret, scope=scope, redirect_url=redirect_url,
            redirect_to=redirect_to, redirect_uri=redirect_uri, login_url=login_url, authorized_url=authorized_url,
            identity=identity, session_class=session_class, storage=storage, rule_kwargs=rule_kwargs,
            base_url=row.base_url.format(**filled), authorization_url=row.authorization_url.format(**filled),
            authorization_url_params=_params(row, chosen), token_url=token_url, token_url_params=dict(row.token_params),
            auto_refresh_url=token_url if renewed else None,
            revocation_url=row.revocation_url and row.revocation_url.format(**filled),
        )  # fmt: skip
        prefix = f"{self.name.upper()}_OAUTH"
        made.from_config |= {"client_id": f"{prefix}_CLIENT_ID", "client_secret": f"{prefix}_CLIENT_SECRET"}
        made.provider, made.options = self.name, chosen
        if chosen.get("verify_tls_certificates") is False:
            if session_class:
                raise ValueError(
                    "With a session_class of your own, it is that which verifies certificates or not."
                )
            made.token_url_params["verify"] = False
        return made


class ProviderBlueprint(OAuth2ConsumerBlueprint):
    """A blueprint whose sessions have what the table says of its provider."""

    options: Mapping[str, Any] = MappingProxyType({})

    def session_created(self, session: sessions.OAuth2Session) -> Any:
        """Give a session the provider's header fields, and its way to send the token."""
        row = PROVIDERS[self.provider]
        known = {**self.options, "client_id": self._client_id}
        for name, value in row.headers.items():
            filled = value.format(**known)
            if filled and filled != "None":
                session.headers[name] = filled
        if self.options.get("verify_tls_certificates") is False:
            session.verify = False
        word = row.token_word
        if word is not None:

            def add_word(
                token: str, uri: str, headers: dict[str, str], body: object, placement: str = "header"
            ) -> Any:
                headers["Authorization"] = f"{word} {token}"
                return uri, headers, body

            session.token_auth.SIGN_METHODS = {"bearer": add_word, word.lower(): add_word}
        if row.token_in_form:
            session.register_compliance_hook("protected_request", lambda *sent: _into_form(session, *sent))
        return session


def _fill_in(row: Provider, chosen: Mapping[str, Any]) -> dict[str, str]:
    """What the braces in the row's addresses stand for."""
    filled = {name: chosen[name] or "" for name in row.fields}
    for option, (name, when_set, when_not) in row.switches.items():
        if not filled.get(name):
            filled[name] = when_set.format(chosen[option]) if chosen[option] else when_not
    return filled


def _params(row: Provider, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What is added to the authorization address."""
    flags: dict[str, list[str]] = {}
    for option, (param, value) in row.flags.items():
        if chosen[option]:
            flags.setdefault(param, []).append(value)
    given = {
        param: chosen[option]
        for option, param in row.values.items()
        if chosen[option] or option in row.options
    }
    return {**row.params, **{param: " ".join(values) for param, values in flags.items()}, **given}


def _into_form(
    session: sessions.OAuth2Session, uri: str, headers: dict[str, str], body: object
) -> tuple[str, Any, Any]:
    """Put the token into a form that has none."""
    form = headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    if form and isinstance(body, str) and "token" not in dict(parse_qsl(body)):
        body = f"{body}&{urlencode({'token': session.access_token})}"
    return uri, headers, body


def maker(name: str) -> Maker:
    """What makes the blueprint of a provider."""
    return Maker(name)


def session_of(name: str) -> Any:
    """A proxy to the session of the current application's blueprint of a provider."""

    def find() -> Any:
        return found(name).session

    return LocalProxy(find)


def found(name: str) -> BaseOAuthConsumerBlueprint:
    """The current application's blueprint of a provider; the last, where there are several.

    :raises AttributeError: when it has none.
    """
    known: dict[str, BaseOAuthConsumerBlueprint] = current_app.extensions.get("oauth", {})
    for blueprint in reversed(known.values()):
        if blueprint.provider == name:
            return blueprint
    raise AttributeError(
        f"This application has no blueprint of {name!r}: register the one that make_{name}_blueprint() makes."
    )
