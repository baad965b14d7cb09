"""The forms about bottles, the photo that one of them brings, and what a search in the address means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demijohn import abort
from demijohn.ext.forms import FileAllowed, FileField, FlaskForm
from demijohn.ext.i18n import gettext
from demijohn.ext.i18n import lazy_gettext as _
from demijohn.ext.uploads import UploadNotAllowed
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from cellar.store import bottles
from cellar.store.database import db
from cellar.store.models import Bottle
from cellar.web import photos
from cellar.web.forms import MoneyField, lines, number, one_line, readable
from cellar.web.words import COLOURS
from cellar.web.years import wrong_year

GLASSES = [SelectChoice(count, _("%(rating)s of 5 glasses", rating=count)) for count in range(1, 6)]
LABELS = [SelectChoice(colour, name) for colour, name in COLOURS.items()]
OPTIONAL = {"placeholder": _("optional")}
NO_PICTURE = _("This is not a PNG, JPEG or WebP picture.")


class ShelveForm(FlaskForm):
    """How many of a bottle to lay in which rack; the racks are known with each request."""

    rack = SelectField(_("Rack"), [InputRequired()], coerce=int)
    count = IntegerField(_("How many"), [InputRequired(), *number(1, 48)], default=1)


class BottleForm(FlaskForm):
    """What is said of a bottle."""

    name = StringField(
        _("Name"),
        [DataRequired(), Length(max=80), readable],
        filters=[one_line],
        description=_("As the label has it."),
    )
    producer = StringField(_("Producer"), [DataRequired(), Length(max=80), readable], filters=[one_line])
    vintage = IntegerField(_("Vintage"), [Optional(), *number(1800, 2100)], description=_("Empty for none."))
    colour = RadioField(_("Colour"), [InputRequired()], choices=LABELS, default="red")
    region = StringField(_("Region"), [DataRequired(), Length(max=60), readable], filters=[one_line])
    country = StringField(_("Country"), [DataRequired(), Length(max=60), readable], filters=[one_line])
    grapes = StringField(_("Grapes"), [Length(max=120), readable], filters=[one_line], render_kw=OPTIONAL)
    price = MoneyField(
        _("Price"),
        [Optional(), *number(0, 100_000)],
        description=_("In euros, for one."),
        render_kw={"inputmode": "decimal", "maxlength": 12, **OPTIONAL},
    )
    drink_from = IntegerField(_("Drink from"), [Optional(), *number(1800, 2200)], render_kw=OPTIONAL)
    drink_until = IntegerField(_("Drink until"), [Optional(), *number(1800, 2200)], render_kw=OPTIONAL)
    story = TextAreaField(
        _("Story"),
        [Length(max=2000), readable],
        filters=[lines],
        description=_("Where it came from, what to do with it."),
        render_kw={"rows": 3, **OPTIONAL},
    )
    photo = FileField(_("Label photo"), [FileAllowed(photos.photos, NO_PICTURE)])
    kept_photo = HiddenField()
    drop_photo = BooleanField(_("No photo after all"))

    COLUMNS = (
        "name",
        "producer",
        "vintage",
        "colour",
        "region",
        "country",
        "grapes",
        "drink_from",
        "drink_until",
        "story",
    )

    @classmethod
    def about(cls, bottle: Bottle) -> BottleForm:
        """The form with what is said of a bottle now, under what the request says."""
        return cls(price=bottle.price, **{name: getattr(bottle, name) for name in cls.COLUMNS})

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then the rule between them."""
        if not super().validate(extra_validators):
            return False
        wrong = wrong_year(self.vintage.data, self.drink_from.data, self.drink_until.data)
        if wrong:
            self[wrong[0]].errors.append(wrong[1])
        return not wrong

    def details(self, photo: str | None) -> dict[str, Any]:
        """What was typed, as the columns of a bottle."""
        typed = {name: self[name].data for name in self.COLUMNS}
        return {
            **typed,
            "grapes": self.grapes.data or "",
            "story": self.story.data or "",
            "price_cents": self.price.cents,
            "photo": photo,
        }

    def chosen_photo(self, current: str | None = None) -> str | None:
        """The photo that the form asks for: a new one, the one there is, or none.

        A good photo sent with a form that is otherwise wrong is kept and named in the form when it is shown
        again (`kept_photo`), so that nobody has to choose it twice; `demijohn cellar tidy` clears those
        that were never used.
        """
        if self.photo.data and not self.photo.errors:
            try:
                return photos.photos.save(self.photo.data)
            except UploadNotAllowed:
                self.photo.errors.append(str(NO_PICTURE))
                return current
        if self.drop_photo.data:
            return None
        kept = self.kept_photo.data or ""
        if photos.exists(kept) and kept not in set(db.session.scalars(bottles.photos())):
            return kept
        return current


class NewBottleForm(BottleForm, ShelveForm):
    """A bottle, with how many to lay where."""


class OpenForm(FlaskForm):
    """Opening a bottle; saying what one thought is up to the drinker."""

    rating = RadioField(_("How was it?"), [Optional()], choices=GLASSES, coerce=int)
    note = TextAreaField(
        _("Tasting note"),
        [Length(max=1000), readable],
        filters=[lines],
        render_kw={"rows": 3, **OPTIONAL},
    )

    def validate_note(self, field: TextAreaField) -> None:
        """A note without a rating would have nothing to stand under."""
        if field.data and self.rating.data is None:
            raise ValidationError(gettext("Give it one to five glasses to keep the note."))


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
