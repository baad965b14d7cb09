"""The messages of WTForms in the language of the visitor, from the catalogues that WTForms brings.

Which language that is, an extension for translations knows, or the setting ``WTF_LOCALE``. This module must not
know which extension it is: what stands in ``app.extensions["babel"]`` comes from a module with ``get_locale``.
"""

from __future__ import annotations

import sys
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from wtforms.i18n import get_translations, messages_path

from demijohn import current_app, has_request_context

__all__ = ["Translations", "translations"]


class Translations:
    """Translates messages when they are asked for."""

    def gettext(self, string: str) -> str:
        """A message in the current language."""
        found = _current()
        return string if found is None else str(found.gettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """A message about a number of something in the current language."""
        found = _current()
        if found is None:
            return singular if n == 1 else plural
        return str(found.ngettext(singular, plural, n))


translations = Translations()

#: A tag of a language has no more characters that count (RFC 5646, section 4.4.1).
_LONGEST = 35


def is_translated() -> bool:
    """Whether the current application's messages may be in another language than they are written in."""
    return "babel" in current_app.extensions or bool(current_app.config.get("WTF_LOCALE"))


def _current() -> Any:
    """The catalogue of the current language, or None: outside of requests, and for English."""
    if not has_request_context():
        return None
    locale = _locale_of_extension() or current_app.config.get("WTF_LOCALE")
    return _catalogue(str(locale)[:_LONGEST]) if locale else None


def _locale_of_extension() -> Any:
    extension = current_app.extensions.get("babel")
    name = "" if extension is None else type(extension).__module__
    while name:
        find = getattr(sys.modules.get(name), "get_locale", None)
        if find is not None:
            return find()
        name = name.rpartition(".")[0]
    return None


@lru_cache(maxsize=256)
def _catalogue(locale: str) -> Any:
    """The catalogue for a locale, or None. Its name is compared with those that there are, and is no path."""
    language, *others = locale.lower().replace("-", "_").split("_")
    names = [*(f"{language}_{other}" for other in reversed(others)), language]
    known = _known()
    names += [name for name in known if name.startswith(f"{language}_")]  # cs: there is cs_CZ only
    return next((get_translations([known[name]]) for name in names if name in known), None)


@cache
def _known() -> dict[str, str]:
    """The names of the catalogues that WTForms has, by their small letters."""
    return {path.name.lower(): path.name for path in sorted(Path(messages_path()).iterdir()) if path.is_dir()}
