"""Signing up, in and out."""

from __future__ import annotations

from demijohn import Blueprint, abort, current_app, flash, redirect, render_template, url_for
from demijohn.ext.forms import FlaskForm
from demijohn.ext.i18n import gettext
from demijohn.ext.i18n import lazy_gettext as _
from demijohn.ext.login import redirect_to_next
from demijohn.typing import ResponseReturnValue
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from cellar.store import people
from cellar.store.models import Person
from cellar.store.refusals import NameTaken
from cellar.web import visitor
from cellar.web.forms import one_line, readable
from cellar.web.headers import guesses

blueprint = Blueprint("auth", __name__)


class SignUp(FlaskForm):
    """A new account."""

    name = StringField(
        _("Name"),
        [DataRequired(), Length(2, 30), readable],
        filters=[one_line],
        description=_("How the journal calls you."),
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _("Password"),
        [DataRequired(), Length(10, 200)],
        description=_("10 characters or more."),
        render_kw={"autocomplete": "new-password"},
    )
    remember = BooleanField(_("Keep me signed in"), description=_("For 30 days, in this browser."))


class SignIn(FlaskForm):
    """An account there is."""

    name = StringField(
        _("Name"),
        [DataRequired(), Length(max=30), readable],
        filters=[one_line],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _("Password"),
        [DataRequired(), Length(max=200)],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField(_("Keep me signed in"), description=_("For 30 days, in this browser."))


@blueprint.route("/sign-in", methods=["GET", "POST"])
@guesses
def sign_in() -> ResponseReturnValue:
    """Ask for name and password, and go on where the visitor came from."""
    form = SignIn()
    if form.validate_on_submit():
        person = people.recognise(form.name.data, form.password.data)
        if person:
            return _welcome(person, form, gettext("Welcome back, %(name)s.", name=person.name))
        # One message for both, so that nobody learns who has an account.
        form.password.errors.append(gettext("This name and password do not go together."))
    return render_template("auth/sign_in.html", form=form), 422 if form.errors else 200


@blueprint.route("/sign-up", methods=["GET", "POST"])
@guesses
def sign_up() -> ResponseReturnValue:
    """Make an account and sign in with it."""
    if not current_app.config["SIGN_UP"]:
        abort(403, gettext("This cellar is closed to newcomers. Ask its keeper for an account."))
    form = SignUp()
    if form.validate_on_submit():
        try:
            person = people.join(form.name.data, form.password.data)
        except NameTaken:
            form.name.errors.append(gettext("Somebody has this name already."))
        else:
            return _welcome(person, form, gettext("Welcome to the cellar, %(name)s.", name=person.name))
    return render_template("auth/sign_up.html", form=form), 422 if form.errors else 200


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget the visitor. A form rather than a link, so that no other site can do it."""
    visitor.sign_out()
    flash(gettext("You are signed out."), "note")
    return redirect(url_for("racks.overview"), 303)


def _welcome(person: Person, form: SignIn | SignUp, words: str) -> ResponseReturnValue:
    visitor.sign_in(person, remember=form.remember.data)
    flash(words, "good")
    return redirect_to_next(url_for("racks.overview"))
