"""Signing in with a provider of OpenID Connect, where the cellar has one: `CELLAR_HOUSE_ISSUER` names it.

Without that there is no such page, and nothing of `demijohn.ext.oauth` is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demijohn import Flask, current_app, flash
from demijohn.ext.i18n import gettext

from cellar.store import people
from cellar.store.models import Person
from cellar.web import visitor

if TYPE_CHECKING:
    from demijohn.ext.oauth import Identity


def find(who: Identity) -> Person | None:
    """The person whom the provider vouches for; who is new gets an account, unless the cellar is closed."""
    person = people.known_elsewhere(who.key)
    if person is None and current_app.config["SIGN_UP"]:
        person = people.join_from_elsewhere(who.key, who.name or who.subject)
    return person


def welcome(person: Person) -> None:
    """Sign `person` in, as the form does."""
    visitor.sign_in(person, remember=False)
    flash(gettext("Welcome back, %(name)s.", name=person.name), "good")


def init_app(app: Flask) -> None:
    """Let visitors of `app` sign in with the provider that its settings name."""
    issuer = app.config["HOUSE_ISSUER"]
    if not issuer:
        return
    from demijohn.ext.oauth import NullStorage, make_oidc_blueprint, sign_in

    house = make_oidc_blueprint(
        "house",
        issuer=issuer,
        scope=["openid", "profile"],
        redirect_to="racks.overview",
        storage=NullStorage(),  # it says who somebody is, and is asked nothing more
    )
    app.register_blueprint(house, url_prefix="/auth")  # /auth/house, /auth/house/authorized
    sign_in(house, find, welcome)
