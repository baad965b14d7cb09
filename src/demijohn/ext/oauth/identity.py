"""Who somebody is, as a provider says, and their login here.

::

    def find(who):                       # Identity: provider, subject, key, email, name, claims
        return User.query.filter_by(key=who.key).first() or create(who)

    sign_in(github_blueprint, find, login_user)

This module must not know who may come in: ``find`` says that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demijohn import abort, current_app
from demijohn.ext.oauth.consumer.base import BaseOAuthConsumerBlueprint
from demijohn.ext.oauth.errors import OAuthError
from demijohn.ext.oauth.ports import Token
from demijohn.ext.oauth.providers import PROVIDERS, Who
from demijohn.ext.oauth.signals import oauth_authorized

__all__ = ["Identity", "sign_in"]


@dataclass(frozen=True)
class Identity:
    """Who somebody is, as a provider says."""

    #: The name of the blueprint.
    provider: str
    #: The identifier that the provider has for them, which never becomes somebody else's.
    subject: str
    #: Their address of electronic mail, where the provider says that it is verified; else None.
    email: str | None = None
    name: str | None = None
    #: All that the provider says. Nothing of it is verified but what is above.
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        """What to find an account by: ``provider:subject``."""
        return f"{self.provider}:{self.subject}"


def sign_in(
    blueprint: BaseOAuthConsumerBlueprint, find: Callable[[Identity], Any], login: Callable[[Any], Any]
) -> None:
    """Have those who come back from a provider logged in here.

    :param blueprint: The blueprint that they come back to.
    :param find: Returns the user of an :class:`Identity`, or None for somebody who may not come in, which answers 403.
        It may be async.
    :param login: Logs a user in, such as ``login_user``.
    :raises ValueError: when the provider's way to say who somebody is is not known: ``identity=`` says it.
    """
    row = PROVIDERS.get(blueprint.provider)
    if blueprint.identity is None and not hasattr(blueprint, "identify") and (row is None or row.who is None):
        raise ValueError(
            f"It is not known how the provider of {blueprint.name!r} says who somebody is: give the blueprint"
            " identity=, a function of its session that returns an Identity, or a dictionary with 'subject', and"
            " 'email' where that is verified."
        )

    def receive(sender: object, token: Token, **values: Any) -> None:
        who = _identify(blueprint, token)
        user = current_app.ensure_sync(find)(who)
        if user is None:
            abort(403, "You have no account here.")
        current_app.ensure_sync(login)(user)

    oauth_authorized.connect(receive, sender=blueprint, weak=False)


def _identify(blueprint: Any, token: Token) -> Identity:
    if blueprint.identity is not None:
        return _told(blueprint, current_app.ensure_sync(blueprint.identity)(blueprint.session))
    if hasattr(blueprint, "identify"):
        return _told(blueprint, blueprint.identify(token))
    who = PROVIDERS[blueprint.provider].who
    assert who is not None  # sign_in has looked
    claims = token if who.url is None else _ask(blueprint.session, who.method, who.url)
    email = _email(blueprint, who, claims)
    return _told(
        blueprint,
        {
            "subject": _subject(claims, who.subject),
            "email": email,
            "name": _at(claims, who.name),
            "claims": claims,
        },
    )


def _told(blueprint: Any, found: Any) -> Identity:
    if isinstance(found, Identity):
        return found
    subject = found.get("subject")
    if subject is None or subject == "":
        raise OAuthError("invalid_response", f"{blueprint.name!r} does not say who somebody is")
    name = found.get("name")
    return Identity(
        blueprint.name,
        str(subject),
        found.get("email"),
        None if name is None else str(name),
        found.get("claims", found),
    )


def _subject(claims: object, paths: str) -> Any:
    """The identifier, or None where a part of it is missing."""
    found = [_at(claims, path) for path in paths.split("/")]
    if len(found) == 1:
        return found[0]
    return None if None in found else "/".join(map(str, found))


def _email(blueprint: Any, who: Who, claims: object) -> str | None:
    """The address, where the provider says that it is verified."""
    if who.emails is not None:
        answer = blueprint.session.get(who.emails)
        listed = answer.json() if answer.ok else []
        return next(
            (entry["email"] for entry in listed if entry.get("verified") is True and entry.get("primary")),
            None,
        )
    if who.email is None:
        return None
    verified: Any = who.verified if isinstance(who.verified, bool) else _at(claims, who.verified)
    if isinstance(who.verified, str) and who.verified.endswith("_at"):
        verified = bool(verified)  # a time, or none yet
    email = _at(claims, who.email)
    return email if verified is True and isinstance(email, str) else None


def _ask(session: Any, method: str, url: str) -> Any:
    answer = session.request(method, url)
    if not answer.ok:
        raise OAuthError(
            "invalid_response", f"the provider answered {answer.status_code} when asked who somebody is"
        )
    return answer.json()


def _at(found: object, path: str) -> Any:
    """What is at a path such as ``data.0.id``, or None."""
    for step in path.split("."):
        if isinstance(found, list) and step.isdecimal():
            found = found[int(step)] if int(step) < len(found) else None
        elif isinstance(found, Mapping):
            found = found.get(step)
        else:
            return None
    return found
