"""Bottles: the list, each one's page, adding, correcting, opening, removing, and all of them as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

from demijohn import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_from_directory,
    stream_with_context,
    url_for,
)
from demijohn.typing import ResponseReturnValue

from cellar.store import bottles, journal, photos, racks
from cellar.web import acts
from cellar.web.bottle_forms import BottleForm, OpenForm, ShelveForm, chosen_photo, read_search
from cellar.web.connection import connection
from cellar.web.visitor import required, signed_in

blueprint = Blueprint("bottles", __name__)


def find_or_404(bottle_id: int) -> bottles.Bottle:
    """The bottle of this number, or a page that says there is none."""
    bottle = bottles.get(connection(), bottle_id)
    if bottle is None:
        abort(404, "There is no such bottle, or not any more.")
    return bottle


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Search, filter, sort and leaf through the bottles."""
    search = read_search(request.args)
    return render_template("bottles/index.html", page=bottles.find(connection(), search), search=search)


@blueprint.get("/bottles.csv")
def export() -> ResponseReturnValue:
    """The bottles of the same search as a spreadsheet, sent row by row as they are read."""
    rows = stream_with_context(_csv(read_search(request.args)))
    response = Response(rows, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"cellar-{date.today()}.csv")
    return response


@blueprint.get("/<number:bottle_id>")
def show(bottle_id: int) -> ResponseReturnValue:
    """One bottle: what it is, when to drink it, where it lies, what was thought of it."""
    return _page(find_or_404(bottle_id), OpenForm(), ShelveForm({"count": "1"}, rack=_rack_choices()))


@blueprint.route("/new", methods=["GET", "POST"])
@signed_in
def new() -> ResponseReturnValue:
    """Add a bottle and lay it in a rack."""
    typed = request.form if request.method == "POST" else {"count": "1", "colour": "red"}
    form = BottleForm(typed, rack=_rack_choices())
    photo = None
    if request.method == "POST":
        form.check()
        photo = chosen_photo(form)
        if not form.errors:
            try:
                number = acts.add_bottle(
                    required(), form.details(photo), int(form.values["rack"]), form.values["count"]
                )
            except racks.RackFull as error:
                form.errors["rack"] = str(error)
            else:
                flash(f"{form.values['name']} is in the cellar.", "good")
                return redirect(url_for(".show", bottle_id=number), 303)
    return render_template("bottles/new.html", form=form, photo=photo), 422 if form.errors else 200


@blueprint.route("/<number:bottle_id>/edit", methods=["GET", "POST"])
@signed_in
def edit(bottle_id: int) -> ResponseReturnValue:
    """Correct what is said of a bottle."""
    bottle = find_or_404(bottle_id)
    form = BottleForm(request.form if request.method == "POST" else BottleForm.typed_for(bottle))
    form.without("rack", "count")
    photo = bottle.photo
    if request.method == "POST":
        form.check()
        photo = chosen_photo(form, bottle.photo)
        if not form.errors:
            acts.change_bottle(required(), bottle, form.details(photo))
            flash("Corrected.", "good")
            return redirect(url_for(".show", bottle_id=bottle_id), 303)
    body = render_template("bottles/edit.html", form=form, bottle=bottle, photo=photo)
    return body, 422 if form.errors else 200


@blueprint.post("/<number:bottle_id>/shelve")
@signed_in
def shelve(bottle_id: int) -> ResponseReturnValue:
    """Lay more of a bottle in a rack."""
    bottle = find_or_404(bottle_id)
    form = ShelveForm(request.form, rack=_rack_choices())
    if form.check():
        try:
            acts.shelve_bottle(required(), bottle, int(form.values["rack"]), form.values["count"])
        except racks.RackFull as error:
            form.errors["rack"] = str(error)
        else:
            flash(f"{form.values['count']} more of {bottle.title} put away.", "good")
            return redirect(url_for(".show", bottle_id=bottle_id), 303)
    return _page(bottle, OpenForm(), form)


@blueprint.post("/<number:bottle_id>/open")
@signed_in
def open_one(bottle_id: int) -> ResponseReturnValue:
    """Take one bottle out, with a tasting note if there is something to say."""
    bottle = find_or_404(bottle_id)
    form = OpenForm(request.form)
    if form.check():
        try:
            slot = acts.open_bottle(required(), bottle, *form.verdict())
        except racks.NoneLeft as error:
            form.errors["rating"] = str(error)
        else:
            rack = racks.get(connection(), slot.rack_id)
            where = f"{rack.name if rack else 'the rack'}, shelf {slot.shelf}, place {slot.place}"
            flash(f"Cheers! Take the one from {where}.", "good")
            return redirect(url_for(".show", bottle_id=bottle_id), 303)
    return _page(bottle, form, ShelveForm({"count": "1"}, rack=_rack_choices()))


@blueprint.route("/<number:bottle_id>/remove", methods=["GET", "POST"])
@signed_in
def remove(bottle_id: int) -> ResponseReturnValue:
    """Forget a bottle, after asking."""
    bottle = find_or_404(bottle_id)
    if request.method == "POST":
        acts.remove_bottle(required(), bottle)
        flash(f"{bottle.title} is removed.", "note")
        return redirect(url_for(".index"), 303)
    return render_template("bottles/remove.html", bottle=bottle)


@blueprint.get("/photos/<name>")
def photo(name: str) -> ResponseReturnValue:
    """A label photo. Its name never means another picture, so browsers may keep it for a year."""
    if not photos.NAME.fullmatch(name):
        abort(404, "There is no such photo.")
    response = send_from_directory(current_app.config["PHOTO_FOLDER"], name, max_age=365 * 24 * 3600)
    response.cache_control.immutable = True
    return response


def _page(bottle: bottles.Bottle, opening: OpenForm, shelving: ShelveForm) -> ResponseReturnValue:
    held = [racks.get(connection(), number) for number in racks.holding(connection(), bottle.id)]
    body = render_template(
        "bottles/show.html",
        bottle=bottle,
        opening=opening,
        shelving=shelving,
        racks=[(rack, racks.slots(connection(), rack)) for rack in held if rack],
        tastings=journal.tastings(connection(), bottle.id),
    )
    return body, 422 if opening.errors or shelving.errors else 200


def _rack_choices() -> dict[str, str]:
    return {
        str(rack.id): f"{rack.name} ({rack.size - rack.taken} free)" for rack in racks.every(connection())
    }


def _csv(search: bottles.Search) -> Iterator[str]:
    names = ("name", "producer", "vintage", "colour", "region", "country", "grapes", "stock", "price")
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow((*names, "drink from", "drink until"))
    # connection() is asked for here, as the view and what it had opened are done when the rows are sent.
    for bottle in bottles.every(connection(), search):
        price = None if bottle.price_cents is None else f"{bottle.price_cents / 100:.2f}"
        cells = [getattr(bottle, name) for name in names[:-1]]
        writer.writerow([_plain(cell) for cell in (*cells, price, bottle.drink_from, bottle.drink_until)])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _plain(cell: object) -> object:
    """`cell`, made harmless: a text that a spreadsheet would run as a formula gets a quote in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r") and cell else cell
