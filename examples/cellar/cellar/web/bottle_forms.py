"""The forms about bottles, for pages and API, and what a search in the address means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demijohn import abort, current_app, request
from demijohn.ext.i18n import gettext
from demijohn.ext.i18n import lazy_gettext as _

from cellar.store import bottles, photos
from cellar.store.database import db
from cellar.store.models import Bottle
from cellar.web.forms import Form, choice, long_text, money, text, whole
from cellar.web.words import COLOURS
from cellar.web.years import wrong_year

GLASSES = {str(count): _("%(rating)s of 5 glasses", rating=count) for count in range(1, 6)}
MOST_AT_ONCE = 48


class BottleForm(Form):
    """A bottle and, when it is new, how many to lay where."""

    fields = {
        "name": text(_("Name"), 80, hint=_("As the label has it.")),
        "producer": text(_("Producer"), 80),
        "vintage": whole(_("Vintage"), 1800, 2100, required=False, hint=_("Empty for none.")),
        "colour": choice(_("Colour"), COLOURS, kind="radio"),
        "region": text(_("Region"), 60),
        "country": text(_("Country"), 60),
        "grapes": text(_("Grapes"), 120, required=False),
        "price": money(_("Price"), 100_000, required=False, hint=_("In euros, for one.")),
        "drink_from": whole(_("Drink from"), 1800, 2200, required=False),
        "drink_until": whole(_("Drink until"), 1800, 2200, required=False),
        "story": long_text(
            _("Story"), 2000, required=False, hint=_("Where it came from, what to do with it.")
        ),
        "rack": choice(_("Rack")),
        "count": whole(_("How many"), 1, MOST_AT_ONCE),
    }

    @classmethod
    def typed_for(cls, bottle: Bottle) -> dict[str, str]:
        """What one would have typed to get `bottle`."""
        price = None if bottle.price is None else f"{bottle.price:.2f}"
        kept = {name: getattr(bottle, name) for name in cls.fields if hasattr(bottle, name)}
        return {name: str(value) for name, value in {**kept, "price": price}.items() if value is not None}

    def without(self, *names: str) -> None:
        """Leave fields out."""
        self.fields = {name: field for name, field in self.fields.items() if name not in names}

    def relate(self) -> None:
        """Years must follow one another; the first that does not is told."""
        wrong = wrong_year(*(self.values[name] for name in ("vintage", "drink_from", "drink_until")))
        if wrong:
            self.errors[wrong[0]] = wrong[1]

    def details(self, photo: str | None = None) -> dict[str, Any]:
        """What was typed, as the columns of a bottle. Call it after `check`."""
        values = {
            name: value for name, value in self.values.items() if name not in ("rack", "count", "price")
        }
        values["grapes"] = values["grapes"] or ""
        values["story"] = values["story"] or ""
        return {**values, "price_cents": self.values["price"], "photo": photo}


class ShelveForm(Form):
    """More of a bottle."""

    fields = {"rack": choice(_("Rack")), "count": whole(_("How many"), 1, MOST_AT_ONCE)}


class OpenForm(Form):
    """Opening a bottle; saying what one thought is up to the drinker."""

    fields = {
        "rating": choice(_("How was it?"), GLASSES, kind="glasses", required=False),
        "note": long_text(_("Tasting note"), 1000, required=False),
    }

    def relate(self) -> None:
        """A note without a rating would have nothing to stand under."""
        if self.values["note"] and not self.values["rating"]:
            self.errors["rating"] = gettext("Give it one to five glasses to keep the note.")

    def verdict(self) -> tuple[int | None, str]:
        """Rating, if one was given, and note."""
        rating = self.values["rating"]
        return (int(rating) if rating else None), self.values["note"] or ""


def chosen_photo(form: BottleForm, current: str | None = None) -> str | None:
    """The photo the form asks for: a new one, the one there is, or none.

    A good photo sent with a form that is otherwise wrong is kept and named in the form when it is shown
    again (`kept_photo`), so that nobody has to choose it twice; `demijohn cellar tidy` clears those
    that were never used.
    """
    folder = current_app.config["PHOTO_FOLDER"]
    upload = request.files.get("photo")
    if upload and upload.filename:
        try:
            return photos.keep(folder, upload.stream)
        except photos.NotAPhoto:
            form.errors["photo"] = gettext("This is not a PNG, JPEG or WebP picture.")
            return current
    if request.form.get("drop_photo"):
        return None
    kept = request.form.get("kept_photo", "")
    if photos.exists(folder, kept) and kept not in set(db.session.scalars(bottles.photos())):
        return kept
    return current


def read_search(arguments: Mapping[str, str]) -> bottles.Search:
    """The search that an address asks for; a colour or sort we do not know is a 400 that says so."""
    colour, sort = arguments.get("colour", ""), arguments.get("sort") or "newest"
    if colour and colour not in COLOURS:
        abort(400, gettext("There is no such colour. Use one of: %(names)s.", names=", ".join(COLOURS)))
    if sort not in bottles.SORTS:
        known = ", ".join(bottles.SORTS)
        abort(400, gettext("The bottles cannot be sorted by that. Use one of: %(names)s.", names=known))
    words = bottles.readable(arguments.get("q", ""))
    return bottles.Search(words, colour, arguments.get("ready") == "1", sort)
