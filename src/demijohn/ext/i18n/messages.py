"""This package's own texts in the visitor's language: HTTP errors, forms, other rooms.

The application's catalogues go first, so that it can say something else. This module must not know which texts
there are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from babel import Locale
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from demijohn.ext.i18n.catalogue import NOTHING, Texts
from demijohn.ext.i18n.current import get_locale, texts
from demijohn.ext.i18n.domain import Domain
from demijohn.ext.i18n.negotiation import tag_of
from demijohn.extend import Filled, current_application

__all__ = ["DOMAIN", "FOLDER", "OwnTexts", "TranslatedError", "error_answers"]

#: The catalogues that come with this package.
FOLDER = Path(__file__).with_name("translations")
DOMAIN = "demijohn"

_own = Domain(str(FOLDER), DOMAIN)


class OwnTexts:
    """What :func:`demijohn.extend.translate` asks."""

    def gettext(self, text: str) -> str:
        """A text of this package in the current locale."""
        if isinstance(text, Filled):
            source = self.gettext(text.source)
            try:
                return source % text.values
            except (KeyError, TypeError, ValueError) as error:
                texts().unfit(text.source, error)
                return str(text)
        said = texts().messages.get(text)
        return _own_texts().messages.get(text, text) if said is None else said

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """A text of this package about a number of something."""
        said = texts()
        known = said if (singular, 0) in said.messages else _own_texts()
        return known.plural_text(singular, plural, number)


def _own_texts() -> Texts:
    locale = get_locale()
    return NOTHING if locale is None else _own.texts_of(locale)


class TranslatedError(HTTPException):
    """An HTTP error in a visitor's language.

    :param error: The error, whose header fields and further members are kept.
    :param locale: The language.
    :param name: What kind of error it is, in that language.
    :param description: What happened.
    """

    def __init__(self, error: HTTPException, locale: Locale, name: str, description: str | None) -> None:
        super().__init__(description)
        self.code = error.code
        self.error = error
        self.locale = locale
        self.members = getattr(error, "members", None)
        self._name = name

    @property
    def name(self) -> str:
        """What kind of error it is."""
        return self._name

    def get_body(self, environ: Any = None, scope: Any = None) -> str:
        """A page that says so."""
        locale = self.locale
        described = escape(self.description or "").replace("\n", "<br>")
        return (
            "<!doctype html>\n"
            f'<html lang="{tag_of(locale)}" dir="{locale.text_direction}">\n'
            '<meta charset="utf-8">\n'
            f"<title>{self.code} {escape(self._name)}</title>\n"
            f"<h1>{escape(self._name)}</h1>\n"
            f"<p>{described}</p>\n"
        )

    def get_headers(self, environ: Any = None, scope: Any = None) -> list[tuple[str, str]]:
        """Those of the error, and the language."""
        return [*self.error.get_headers(environ, scope), ("Content-Language", tag_of(self.locale))]


def error_answers(error: Exception) -> Callable[[HTTPException], Any] | None:
    """What answers an HTTP error with a page of this package: the same in the visitor's language."""
    if (
        not isinstance(error, HTTPException)
        or error.response is not None
        or isinstance(error, TranslatedError)
    ):
        return None
    kind = type(error)
    own = kind.get_response is HTTPException.get_response and kind.get_body is HTTPException.get_body
    return _translated if own and error.code is not None else None


def _translated(error: HTTPException) -> HTTPException:
    try:
        locale = get_locale()
        if locale is None or locale.language == "en":
            return error
        known = OwnTexts()
        name, description = known.gettext(error.name), error.description
        said = None if description is None else known.gettext(description)
    # What chooses the locale may be what has failed: the page is in English then, and not another error.
    except Exception:
        current_application().logger.exception("The language of an error page could not be found")
        return error
    if name == error.name and said == description:
        return error
    return TranslatedError(error, locale, name, said)
