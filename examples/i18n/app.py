"""A cellar's price list in four languages: texts, a plural, dates, money, a form, a choice of language."""

from __future__ import annotations

from datetime import UTC, datetime

from demijohn import Flask, Response, abort, flash, redirect, render_template, url_for
from demijohn.ext.forms import FlaskForm
from demijohn.ext.i18n import Babel, gettext, lazy_gettext, set_locale
from wtforms import StringField, SubmitField
from wtforms.validators import DataRequired

app = Flask(__name__)
app.config.update(
    SECRET_KEY="only for this example: yours comes from the environment",
    BABEL_LOCALES=["en", "es", "ja", "ar"],
    BABEL_DEFAULT_TIMEZONE="Europe/Vienna",
)
babel = Babel(app)

LAID = datetime(2026, 4, 12, 13, 46, tzinfo=UTC)


class OrderForm(FlaskForm):
    """What a visitor orders."""

    name = StringField(lazy_gettext("Your name"), [DataRequired()])
    order = SubmitField(lazy_gettext("Order"))


@app.get("/")
def index() -> Response:
    """Where a visitor begins: the page in the language that the browser or the session asks for."""
    return redirect(url_for("cellar"))


@app.route("/<locale>/cellar", methods=["GET", "POST"])
def cellar() -> Response | str:
    """The price list, and an order."""
    form = OrderForm()
    if form.validate_on_submit():
        flash(gettext("Thank you, %(name)s!", name=form.name.data))
        return redirect(url_for("cellar"))
    return render_template("cellar.html", form=form, count=3, price=1234.5, laid=LAID, locales=babel.locales)


@app.post("/language/<code>")
def language(code: str) -> Response:
    """Keep a language for this browser."""
    try:
        set_locale(code)
    except ValueError:
        abort(404)
    return redirect(url_for("cellar"))
