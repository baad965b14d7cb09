"""The front page, with every rack at a glance, and the racks themselves."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import date

from demijohn import Blueprint, abort, flash, redirect, render_template, request, url_for
from demijohn.typing import ResponseReturnValue

from cellar.store import bottles, journal, racks
from cellar.web import acts
from cellar.web.connection import connection
from cellar.web.forms import Form, text, whole
from cellar.web.visitor import required, signed_in

blueprint = Blueprint("racks", __name__)


class RackForm(Form):
    """A new rack."""

    fields = {
        "name": text("Name", 40, hint="Where it stands, say."),
        "shelves": whole("Shelves", 1, 12, hint="From top to bottom."),
        "places": whole("Places on a shelf", 1, 16),
    }


def _everything() -> dict[str, object]:
    """What the front page shows, in one go."""
    return {
        "totals": racks.totals(connection(), date.today().year),
        "racks": [(rack, racks.slots(connection(), rack)) for rack in racks.every(connection())],
        "drink_soon": bottles.drink_soon(connection(), 5),
        "activities": journal.latest(connection(), 6),
    }


@blueprint.get("/")
async def overview() -> ResponseReturnValue:
    """The whole cellar on one page."""
    # SQLite blocks, so an async view lets a thread do the reading; it sees the same request and `g`.
    return render_template("racks/overview.html", **await asyncio.to_thread(_everything))


@blueprint.get("/racks/<number:rack_id>")
def show(rack_id: int) -> ResponseReturnValue:
    """One rack, large."""
    rack = racks.get(connection(), rack_id)
    if rack is None:
        abort(404, "There is no such rack.")
    return render_template("racks/show.html", rack=rack, slots=racks.slots(connection(), rack))


@blueprint.route("/racks/new", methods=["GET", "POST"])
@signed_in
def new() -> ResponseReturnValue:
    """Build a rack."""
    form = RackForm(request.form)
    if request.method == "POST" and form.check():
        try:
            number = acts.build_rack(required(), **form.values)
        except sqlite3.IntegrityError:
            form.errors["name"] = "There is a rack of this name already."
        else:
            flash(f"“{form.values['name']}” stands. Now fill it.", "good")
            return redirect(url_for(".show", rack_id=number), 303)
    return render_template("racks/new.html", form=form), 422 if form.errors else 200
