"""Signing up, in and out."""

from __future__ import annotations

from demijohn import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from demijohn.typing import ResponseReturnValue

from cellar.store import people
from cellar.web import visitor
from cellar.web.connection import connection
from cellar.web.forms import Form, password, text

blueprint = Blueprint("auth", __name__)


class SignUp(Form):
    """A new account."""

    fields = {
        "name": text("Name", 30, least=2, hint="How the journal calls you.", autocomplete="username"),
        "password": password(
            "Password", least=10, hint="10 characters or more.", autocomplete="new-password"
        ),
    }


class SignIn(Form):
    """An account there is."""

    fields = {
        "name": text("Name", 30, autocomplete="username"),
        "password": password("Password", autocomplete="current-password"),
    }


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Ask for name and password, and go on where the visitor came from."""
    form = SignIn(request.form)
    if request.method == "POST" and form.check():
        person = people.recognise(connection(), form.values["name"], form.values["password"])
        if person:
            return _welcome(person, f"Welcome back, {person.name}.")
        # One message for both, so that nobody learns who has an account.
        form.errors["password"] = "This name and password do not go together."
    return _page("auth/sign_in.html", form)


@blueprint.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    """Make an account and sign in with it."""
    if not current_app.config["SIGN_UP"]:
        abort(403, "This cellar is closed to newcomers. Ask its keeper for an account.")
    form = SignUp(request.form)
    if request.method == "POST" and form.check():
        try:
            person = people.join(connection(), form.values["name"], form.values["password"])
        except people.NameTaken:
            form.errors["name"] = "Somebody has this name already."
        else:
            return _welcome(person, f"Welcome to the cellar, {person.name}.")
    return _page("auth/sign_up.html", form)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget the visitor. A form rather than a link, so that no other site can do it."""
    session.clear()
    flash("You are signed out.", "note")
    return redirect(url_for("racks.overview"))


def _page(template: str, form: Form) -> ResponseReturnValue:
    goes_on = visitor.local_path(request.args.get("next"))
    return render_template(template, form=form, goes_on=goes_on), 422 if form.errors else 200


def _welcome(person: people.Person, words: str) -> ResponseReturnValue:
    goes_on = visitor.local_path(request.args.get("next"))
    visitor.sign_in(person)
    flash(words, "good")
    return redirect(goes_on or url_for("racks.overview"), 303)
