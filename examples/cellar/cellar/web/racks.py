"""The front page, with every rack at a glance, and the racks themselves."""

from __future__ import annotations

from datetime import date

from demijohn import Blueprint, flash, redirect, render_template, url_for
from demijohn.ext.forms import FlaskForm
from demijohn.ext.i18n import gettext
from demijohn.ext.i18n import lazy_gettext as _
from demijohn.ext.login import login_required
from demijohn.typing import ResponseReturnValue
from wtforms import IntegerField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from cellar.store import bottles, journal, racks
from cellar.store.database import db
from cellar.store.models import Rack
from cellar.store.refusals import NameTaken
from cellar.web import acts
from cellar.web.forms import number, one_line, readable
from cellar.web.visitor import login
from cellar.web.words import refusal

blueprint = Blueprint("racks", __name__)


class RackForm(FlaskForm):
    """A new rack."""

    name = StringField(
        _("Name"),
        [DataRequired(), Length(max=40), readable],
        filters=[one_line],
        description=_("Where it stands, say."),
    )
    shelves = IntegerField(
        _("Shelves"), [InputRequired(), *number(1, 12)], description=_("From top to bottom.")
    )
    places = IntegerField(_("Places on a shelf"), [InputRequired(), *number(1, 16)])


@blueprint.get("/")
async def overview() -> ResponseReturnValue:
    """The whole cellar on one page."""
    session = db.async_session()
    return render_template(
        "racks/overview.html",
        totals=racks.Totals.of(await session.execute(racks.by_colour(date.today().year))),
        racks=(await session.scalars(racks.drawn())).all(),
        drink_soon=(await session.scalars(bottles.drink_soon(5))).all(),
        activities=(await session.scalars(journal.latest(6))).all(),
    )


@blueprint.get("/racks/<number:rack_id>")
def show(rack_id: int) -> ResponseReturnValue:
    """One rack, large."""
    rack = db.first_or_404(
        racks.drawn().where(Rack.id == rack_id), description=gettext("There is no such rack.")
    )
    return render_template("racks/show.html", rack=rack)


@blueprint.route("/racks/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Build a rack."""
    form = RackForm()
    if form.validate_on_submit():
        name = form.name.data
        try:
            built = acts.build_rack(login.current_user, name, form.shelves.data, form.places.data)
        except NameTaken as error:
            form.name.errors.append(refusal(error))
        else:
            flash(gettext("“%(rack)s” stands. Now fill it.", rack=name), "good")
            return redirect(url_for(".show", rack_id=built), 303)
    return render_template("racks/new.html", form=form), 422 if form.errors else 200
