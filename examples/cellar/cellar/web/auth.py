"""Signing up, in and out."""

from __future__ import annotations

from demijohn import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from demijohn.ext.i18n import gettext, lazy_gettext
from demijohn.ext.login import redirect_to_next
from demijohn.typing import ResponseReturnValue

from cellar.store import people
from cellar.store.models import Person
from cellar.store.refusals import NameTaken
from cellar.web import visitor
from cellar.web.forms import Form, password, text, tick
from cellar.web.headers import guesses

blueprint = Blueprint("auth", __name__)

REMEMBER = tick(lazy_gettext("Keep me signed in"), hint=lazy_gettext("For 30 days, in this browser."))


class SignUp(Form):
    """A new account."""

    fields = {
        "name": text(
            lazy_gettext("Name"),
            30,
            least=2,
            hint=lazy_gettext("How the journal calls you."),
            autocomplete="username",
        ),
        "password": password(
            lazy_gettext("Password"),
            least=10,
            hint=lazy_gettext("10 characters or more."),
            autocomplete="new-password",
        ),
        "remember": REMEMBER,
    }


class SignIn(Form):
    """An account there is."""

    fields = {
        "name": text(lazy_gettext("Name"), 30, autocomplete="username"),
        "password": password(lazy_gettext("Password"), autocomplete="current-password"),
        "remember": REMEMBER,
    }


@blueprint.route("/sign-in", methods=["GET", "POST"])
@guesses
def sign_in() -> ResponseReturnValue:
    """Ask for name and password, and go on where the visitor came from."""
    form = SignIn(request.form)
    if request.method == "POST" and form.check():
        person = people.recognise(form.values["name"], form.values["password"])
        if person:
            return _welcome(person, form, gettext("Welcome back, %(name)s.", name=person.name))
        # One message for both, so that nobody learns who has an account.
        form.errors["password"] = gettext("This name and password do not go together.")
    return render_template("auth/sign_in.html", form=form), 422 if form.errors else 200


@blueprint.route("/sign-up", methods=["GET", "POST"])
@guesses
def sign_up() -> ResponseReturnValue:
    """Make an account and sign in with it."""
    if not current_app.config["SIGN_UP"]:
        abort(403, gettext("This cellar is closed to newcomers. Ask its keeper for an account."))
    form = SignUp(request.form)
    if request.method == "POST" and form.check():
        try:
            person = people.join(form.values["name"], form.values["password"])
        except NameTaken:
            form.errors["name"] = gettext("Somebody has this name already.")
        else:
            return _welcome(person, form, gettext("Welcome to the cellar, %(name)s.", name=person.name))
    return render_template("auth/sign_up.html", form=form), 422 if form.errors else 200


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget the visitor. A form rather than a link, so that no other site can do it."""
    visitor.sign_out()
    flash(gettext("You are signed out."), "note")
    return redirect(url_for("racks.overview"), 303)


def _welcome(person: Person, form: Form, words: str) -> ResponseReturnValue:
    visitor.sign_in(person, remember=form.values["remember"])
    flash(words, "good")
    return redirect_to_next(url_for("racks.overview"))
