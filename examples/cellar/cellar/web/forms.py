"""Forms that check what was typed and say at each field what is wrong; nothing typed is lost.

    class RackForm(Form):
        fields = {"name": text("Name", 40), "shelves": whole("Shelves", 1, 12)}

    form = RackForm(request.form)
    if form.check():
        build(form.values["name"], form.values["shelves"])

A field's rule stands once and becomes both the check here and the attributes of the input (maxlength,
min, max). Neither requests nor HTML are known here, so JSON bodies are checked by the same forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from demijohn.ext.i18n import gettext


class Invalid(ValueError):
    """What was typed cannot be used; the message is shown at the field."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its label, how its text is read, and how the input is drawn."""

    label: str
    read: Callable[[str], object]
    kind: str = "text"
    required: bool = True
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str | int] = field(default_factory=dict)


class Form:
    """What was typed (`typed`), what it means (`values`) and what is wrong with it (`errors`), by name."""

    fields: Mapping[str, Field] = {}

    def __init__(self, typed: Mapping[str, str] | None = None, **choices: Mapping[str, str]) -> None:
        """Take what was typed, if anything was, and the choices that only this request knows."""
        for name, known in choices.items():
            changed = replace(self.fields[name], choices=known, read=_one_of(known))
            self.fields = {**self.fields, name: changed}
        self.typed = {name: (typed or {}).get(name, "") for name in self.fields}
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def check(self) -> bool:
        """Read every field, then the rules between fields; true when nothing is wrong."""
        for name, rule in self.fields.items():
            text = self.typed[name] if rule.kind == "password" else self.typed[name].strip()
            if not text:
                self.values[name] = None
                if rule.required:
                    self.errors[name] = gettext("Please fill this in.")
                continue
            try:
                self.values[name] = rule.read(text)
            except Invalid as error:
                self.errors[name] = str(error)
        if not self.errors:
            self.relate()
        return not self.errors

    def relate(self) -> None:
        """Rules between fields, for a form to add; runs when each field alone is right."""


def text(
    label: str, most: int, *, least: int = 1, required: bool = True, hint: str = "", **more: str
) -> Field:
    """One line of at most so many characters; inner white space becomes single spaces."""

    def read(typed: str) -> str:
        line = " ".join(typed.split())
        if not line.isprintable():
            raise Invalid(gettext("This contains characters that cannot be shown."))
        return _long_enough(line, least, most)

    return Field(label, read, "text", required, hint, attributes={"maxlength": most, **more})


def long_text(label: str, most: int, *, required: bool = True, hint: str = "") -> Field:
    """Several lines of at most so many characters."""

    def read(typed: str) -> str:
        lines = typed.replace("\r\n", "\n")
        if not lines.replace("\n", "").replace("\t", "").isprintable():
            raise Invalid(gettext("This contains characters that cannot be shown."))
        return _long_enough(lines, 1, most)

    # Not maxlength: browsers count a line end once or twice, so the check here is the one that holds.
    return Field(label, read, "textarea", required, hint)


def password(label: str, *, least: int = 1, hint: str = "", autocomplete: str) -> Field:
    """A password, kept as it was typed and never written back into the page."""
    return Field(
        label,
        lambda typed: _long_enough(typed, least, 200),
        "password",
        hint=hint,
        attributes={"autocomplete": autocomplete, "maxlength": 200},
    )


def whole(label: str, least: int, most: int, *, required: bool = True, hint: str = "") -> Field:
    """A whole number between two bounds."""

    def read(typed: str) -> int:
        if not typed.isascii() or not typed.isdigit() or len(typed) > 9:
            raise Invalid(gettext("Give a whole number from %(least)s to %(most)s.", least=least, most=most))
        if not least <= int(typed) <= most:
            raise Invalid(gettext("This should be from %(least)s to %(most)s.", least=least, most=most))
        return int(typed)

    return Field(label, read, "number", required, hint, attributes={"min": least, "max": most})


def money(label: str, most: int, *, required: bool = True, hint: str = "") -> Field:
    """An amount such as `24` or `24.50` (or with a comma), at most so many euros; the value is in cents."""

    def read(typed: str) -> int:
        try:
            amount = Decimal(typed.replace(",", "."))
        except InvalidOperation:
            raise Invalid(gettext("Give an amount such as 24.50.")) from None
        if not amount.is_finite() or not 0 <= amount <= most:
            raise Invalid(gettext("This should be from %(least)s to %(most)s.", least=0, most=most))
        if amount != round(amount, 2):
            raise Invalid(gettext("Give at most two decimals."))
        return int(amount * 100)

    return Field(label, read, "text", required, hint, attributes={"inputmode": "decimal", "maxlength": 12})


def choice(
    label: str,
    choices: Mapping[str, str] | None = None,
    *,
    kind: str = "select",
    required: bool = True,
    hint: str = "",
) -> Field:
    """One of some values, each shown by a name."""
    known = choices or {}
    return Field(label, _one_of(known), kind, required, hint, choices=known)


def tick(label: str, *, hint: str = "") -> Field:
    """A box to tick; the value is true when it was, else `None`."""
    return Field(label, lambda typed: True, "checkbox", required=False, hint=hint)


def _one_of(choices: Mapping[str, str]) -> Callable[[str], str]:
    def read(typed: str) -> str:
        if typed not in choices:
            raise Invalid(gettext("Choose one from the list."))
        return typed

    return read


def _long_enough(typed: str, least: int, most: int) -> str:
    if len(typed) < least:
        raise Invalid(gettext("Use at least %(least)s characters.", least=least))
    if len(typed) > most:
        raise Invalid(
            gettext("Use at most %(most)s characters; these are %(count)s.", most=most, count=len(typed))
        )
    return typed
