"""What the cellar's forms have beyond WTForms: two filters, rules for text and numbers, and money.

A field's rule stands once, among its validators, and becomes both the check on the server and the attributes of
the input (required, maxlength, min, max). WTForms' own messages come in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from demijohn.ext.forms import FlaskForm
from demijohn.ext.i18n import gettext
from wtforms import DecimalField, Field, TextAreaField, ValidationError
from wtforms.validators import NumberRange, StopValidation
from wtforms.widgets import TextInput


def one_line(typed: str | None) -> str | None:
    """A filter: no white space around, and single spaces inside."""
    return " ".join(typed.split()) if typed else typed


def lines(typed: str | None) -> str | None:
    """A filter: no white space around, and lines that end as everywhere but in forms."""
    return typed.strip().replace("\r\n", "\n") if typed else typed


def readable(form: FlaskForm, field: Field) -> None:
    """A validator: nothing that no page can show, and no database should have."""
    text = field.data or ""
    if isinstance(field, TextAreaField):
        text = text.replace("\n", "").replace("\t", "")
    if not text.isprintable():
        raise ValidationError(gettext("This contains characters that cannot be shown."))


def number(least: int, most: int) -> list[Callable[..., None]]:
    """Validators: a number between two bounds. What is no number at all is told once, not as out of bounds too."""
    return [_understood, NumberRange(least, most)]


def _understood(form: FlaskForm, field: Field) -> None:
    if field.process_errors:
        raise StopValidation


class MoneyField(DecimalField):
    """An amount such as `24`, `24.50` or `24,50`, in euros."""

    widget = TextInput()  # browsers' inputs for numbers take a point or a comma, not both

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        try:
            super().process_formdata([typed.replace(",", ".") for typed in valuelist])
        except ValueError:
            raise ValueError(gettext("Give an amount such as 24.50.")) from None

    def pre_validate(self, form: FlaskForm) -> None:
        """Refuse parts of a cent."""
        amount: Decimal | None = self.data
        if amount is not None and amount.is_finite() and amount != round(amount, 2):
            raise ValidationError(gettext("Give at most two decimals."))

    @property
    def cents(self) -> int | None:
        """The amount in cents; `None` where none was typed."""
        return None if self.data is None else int(self.data * 100)
