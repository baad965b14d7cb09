"""Bottles: the list, each one's page, adding, correcting, opening, removing, and all of them as CSV."""

from __future__ import annotations

from datetime import date

from demijohn import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from demijohn.ext.i18n import gettext, ngettext
from demijohn.ext.login import login_required
from demijohn.typing import ResponseReturnValue
from wtforms import SelectChoice

from cellar.store import archives, bottles, journal, racks
from cellar.store.database import db
from cellar.store.models import Bottle, Rack
from cellar.store.refusals import NoneLeft, RackFull
from cellar.web import acts, photos
from cellar.web.bottle_forms import BottleForm, NewBottleForm, OpenForm, ShelveForm, read_search
from cellar.web.visitor import login
from cellar.web.words import refusal

blueprint = Blueprint("bottles", __name__)

PER_PAGE = 12


def find_or_404(bottle_id: int) -> Bottle:
    """The bottle of this number, or a page that says there is none."""
    return db.get_or_404(Bottle, bottle_id, description=gettext("There is no such bottle, or not any more."))


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Search, filter, sort and leaf through the bottles."""
    search = read_search(request.args)
    page = db.paginate(bottles.find(search), per_page=PER_PAGE)
    return render_template("bottles/index.html", page=page, search=search)


@blueprint.get("/bottles.csv")
def export() -> ResponseReturnValue:
    """The bottles of the same search as a spreadsheet, sent row by row as they are read."""
    rows = stream_with_context(archives.lines(read_search(request.args)))
    response = Response(rows, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"cellar-{date.today()}.csv")
    return response


@blueprint.get("/<number:bottle_id>")
def show(bottle_id: int) -> ResponseReturnValue:
    """One bottle: what it is, when to drink it, where it lies, what was thought of it."""
    return _page(find_or_404(bottle_id))


@blueprint.route("/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Add a bottle and lay it in a rack."""
    form = NewBottleForm()
    form.rack.choices = rack_choices()
    photo = None
    if form.is_submitted():
        form.validate()
        photo = form.chosen_photo()
        if not form.errors:
            details = form.details(photo)
            try:
                bottle = acts.add_bottle(login.current_user, details, form.rack.data, form.count.data)
            except RackFull as error:
                form.rack.errors.append(refusal(error))
            else:
                flash(gettext("%(bottle)s is in the cellar.", bottle=form.name.data), "good")
                return redirect(url_for(".show", bottle_id=bottle.id), 303)
    return render_template("bottles/new.html", form=form, photo=photo), 422 if form.errors else 200


@blueprint.route("/<number:bottle_id>/edit", methods=["GET", "POST"])
@login_required
def edit(bottle_id: int) -> ResponseReturnValue:
    """Correct what is said of a bottle."""
    bottle = find_or_404(bottle_id)
    form = BottleForm.about(bottle)
    photo = bottle.photo
    if form.is_submitted():
        form.validate()
        photo = form.chosen_photo(bottle.photo)
        if not form.errors:
            acts.change_bottle(login.current_user, bottle, form.details(photo))
            flash(gettext("Corrected."), "good")
            return redirect(url_for(".show", bottle_id=bottle_id), 303)
    body = render_template("bottles/edit.html", form=form, bottle=bottle, photo=photo)
    return body, 422 if form.errors else 200


@blueprint.post("/<number:bottle_id>/shelve")
@login_required
def shelve(bottle_id: int) -> ResponseReturnValue:
    """Lay more of a bottle in a rack."""
    bottle = find_or_404(bottle_id)
    form = ShelveForm()
    form.rack.choices = rack_choices()
    if form.validate():
        try:
            acts.shelve_bottle(login.current_user, bottle, form.rack.data, form.count.data)
        except RackFull as error:
            form.rack.errors.append(refusal(error))
        else:
            words = ngettext(
                "%(num)d more of %(bottle)s put away.",
                "%(num)d more of %(bottle)s put away.",
                form.count.data,
                bottle=bottle.title,
            )
            flash(words, "good")
            return redirect(url_for(".show", bottle_id=bottle_id), 303)
    return _page(bottle, shelving=form)


@blueprint.post("/<number:bottle_id>/open")
@login_required
def open_one(bottle_id: int) -> ResponseReturnValue:
    """Take one bottle out, with a tasting note if there is something to say."""
    bottle = find_or_404(bottle_id)
    form = OpenForm()
    if form.validate():
        try:
            place = acts.open_bottle(login.current_user, bottle, form.rating.data, form.note.data or "")
        except NoneLeft as error:
            form.rating.errors.append(refusal(error))
        else:
            rack = db.session.get_one(Rack, place.rack_id)
            words = gettext(
                "Cheers! Take the one from %(rack)s, shelf %(shelf)s, place %(place)s.",
                rack=rack.name,
                shelf=place.shelf,
                place=place.place,
            )
            flash(words, "good")
            return redirect(url_for(".show", bottle_id=bottle_id), 303)
    return _page(bottle, opening=form)


@blueprint.route("/<number:bottle_id>/remove", methods=["GET", "POST"])
@login_required
def remove(bottle_id: int) -> ResponseReturnValue:
    """Forget a bottle, after asking."""
    bottle = find_or_404(bottle_id)
    if request.method == "POST":
        title = bottle.title
        acts.remove_bottle(login.current_user, bottle)
        flash(gettext("%(bottle)s is removed.", bottle=title), "note")
        return redirect(url_for(".index"), 303)
    return render_template("bottles/remove.html", bottle=bottle)


@blueprint.get("/photos/<name>")
def photo(name: str) -> ResponseReturnValue:
    """A label photo. Its name never means another picture, so browsers may keep it for a year."""
    if not photos.NAME.fullmatch(name):
        abort(404, gettext("There is no such photo."))
    response = photos.photos.serve(name, as_attachment=False)
    response.cache_control.public = True
    response.cache_control.max_age = 365 * 24 * 3600
    response.cache_control.immutable = True
    return response


def rack_choices() -> list[SelectChoice]:
    """The racks to lay bottles in, by number."""
    return [
        SelectChoice(
            rack.id, gettext("%(rack)s (%(count)s free)", rack=rack.name, count=rack.size - rack.taken)
        )
        for rack in db.session.scalars(racks.every())
    ]


def _page(
    bottle: Bottle, opening: OpenForm | None = None, shelving: ShelveForm | None = None
) -> ResponseReturnValue:
    """The page of a bottle, with the form that was sent; the others are as new, whatever the request has."""
    opening = opening or OpenForm(None)
    shelving = shelving or ShelveForm(None)
    shelving.rack.choices = rack_choices()
    body = render_template(
        "bottles/show.html",
        bottle=bottle,
        opening=opening,
        shelving=shelving,
        racks=db.session.scalars(racks.holding(bottle.id)).all(),
        tastings=db.session.scalars(journal.tastings(bottle.id)).all(),
    )
    return body, 422 if opening.errors or shelving.errors else 200
