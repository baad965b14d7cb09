"""Catalogues: the texts of a locale, read from the folders that have some and merged once.

Nothing in a catalogue can make a page fail: what cannot be used is one warning that names file and entry, and the
source text is shown. This module must not know requests or how a locale is chosen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from gettext import GNUTranslations
from typing import Any, TypeAlias

from babel import Locale, support
from markupsafe import Markup

from demijohn.ext.i18n.negotiation import parents

__all__ = ["NOTHING", "Signature", "Texts", "load", "placed_files"]

#: How a context is kept before its text in a catalogue.
CONTEXT = "\x04"
#: Of files, when each was last written.
Signature: TypeAlias = tuple[tuple[str, int], ...]
#: Is told what is wrong with which file, and with which of its entries.
Warn: TypeAlias = Callable[[str, str, str], None]


def _silent(file: str, entry: str, wrong: str) -> None:
    """Where there is no application whose log could be written to."""


class Texts(support.Translations):
    """All texts of a locale, as ``gettext`` has them: ``get_translations()``.

    :param layers: The catalogues they come from, the first one asked last.
    :param warn: Is told of entries that cannot be used.
    """

    def __init__(
        self, layers: Sequence[GNUTranslations] = (), warn: Warn = _silent, domain: str | None = None
    ) -> None:
        super().__init__(None, domain)
        self.layers = tuple(layers)
        self._warn = warn
        #: Each text's translation; PERF: one look-up, 0.05 us.
        self.messages: dict[Any, str] = {}
        for layer in self.layers:
            entries = {key: text for key, text in _entries(layer).items() if text and key != ""}
            one = _form(layer, 1)
            entries.update(
                {key[0]: text for key, text in entries.items() if type(key) is tuple and key[1] == one}
            )
            self.messages.update(entries)
            self.files += getattr(layer, "files", ())
        #: The same as templates have them.
        self.markups: dict[str, Markup] = {}
        #: When the files were written, where somebody looks whether they changed.
        self.signature: Signature = ()
        # What gettext's own methods read.
        self._catalog = self.messages
        if self.layers:
            self.plural = self.layers[-1].plural  # type: ignore[attr-defined]
            self._info = dict(self.layers[-1].info())

    def text(self, source: str) -> str:
        """The translation of a text, or the text itself."""
        return self.messages.get(source, source)

    def plural_text(self, singular: str, plural: str, number: Any, context: str | None = None) -> str:
        """The form of a text for a number of something."""
        key = singular if context is None else context + CONTEXT + singular
        for layer in reversed(self.layers):
            entries = _entries(layer)
            if (key, 0) not in entries:
                continue
            form = _form(layer, number)
            if form is None:
                self._warn(_file(layer), singular, "its plural form cannot be computed")
                continue
            text = entries.get((key, form))
            if text:
                return text
            self._warn(_file(layer), singular, f"it has no plural form {form}")
        return singular if number == 1 else plural

    def unfit(self, source: str, error: Exception) -> None:
        """Tell that a translation could not be filled in."""
        for layer in reversed(self.layers):
            entries = _entries(layer)
            if source in entries or (source, 0) in entries:
                self._warn(
                    _file(layer), source, f"its placeholders do not fit ({type(error).__name__}: {error})"
                )
                return

    def markup(self, source: str) -> Markup:
        """The translation of a text as a template has it, in which authors may have put tags."""
        found = self.markups.get(source)
        if found is None:
            found = Markup(self.messages.get(source, source))  # noqa: S704 - texts are the authors'
            if source in self.messages or len(self.markups) < 1000:
                self.markups[source] = found
        return found


#: What there is outside of any context: nothing is translated.
NOTHING = Texts()


def _entries(layer: GNUTranslations) -> dict[Any, str]:
    entries: dict[Any, str] = vars(layer).get("_catalog", {})
    return entries


def _form(layer: GNUTranslations, number: Any) -> int | None:
    """Which plural form a number takes; None where the catalogue's expression for it fails."""
    try:
        form: int = layer.plural(number)  # type: ignore[attr-defined]
    except (ArithmeticError, RecursionError):
        return None
    return form


def _file(layer: GNUTranslations) -> str:
    files = getattr(layer, "files", None) or ["?"]
    return str(files[0])


def placed_files(directory: str, locale: Locale, domain: str) -> list[str]:
    """The catalogues, without their ending, that a folder may have for a locale, the nearest first."""
    return [os.path.join(directory, name, "LC_MESSAGES", domain) for name in parents(locale)]


def load(
    places: Iterable[tuple[str, str]], locale: Locale, warn: Warn, more: Iterable[tuple[str, str]] = ()
) -> Texts:
    """The texts of a locale.

    :param places: Folders and the domain in each; a later one goes before an earlier one.
    :param more: Others that all of those go before.
    """
    layers: list[GNUTranslations] = []
    for directory, domain in more:
        layers += _read_all(directory, domain, locale, warn, by_load=False)
    for directory, domain in places:
        layers += _read_all(directory, domain, locale, warn, by_load=True)
    return Texts(layers, warn)


def _read_all(
    directory: str, domain: str, locale: Locale, warn: Warn, *, by_load: bool
) -> list[GNUTranslations]:
    """The catalogues of a folder for a locale, the nearest last."""
    names = []
    for name in parents(locale):
        base = os.path.join(directory, name, "LC_MESSAGES", domain)
        if os.path.isfile(base + ".mo"):
            names.append(name)
        elif os.path.isfile(base + ".po"):
            warn(base + ".po", "", "it is not compiled: run 'demijohn i18n compile'")
    found = []
    # COMPAT: tests of applications count the calls of babel's own `load`, one for each folder.
    for index, name in enumerate(names or ([str(locale)] if by_load else [])):
        file = os.path.join(directory, name, "LC_MESSAGES", domain + ".mo")
        try:
            if by_load and index == 0:
                catalogue: Any = support.Translations.load(directory, [name], domain)
            else:
                with open(file, "rb") as stream:
                    catalogue = support.Translations(stream, domain)
        # What the parser of gettext raises for bytes that are no catalogue is whatever it stumbles over.
        except Exception as e:
            warn(file, "", f"it cannot be read ({type(e).__name__}: {e})")
            continue
        if isinstance(catalogue, GNUTranslations):
            found.append(catalogue)
    return found[::-1]


def signature(places: Iterable[tuple[str, str]], locale: Locale) -> Signature:
    """When the catalogues of a locale were written: another one means that something changed."""
    seen = []
    for directory, domain in places:
        for base in placed_files(directory, locale, domain):
            for file in (base + ".mo", base + ".po"):
                try:
                    seen.append((file, os.stat(file).st_mtime_ns))
                except OSError:
                    continue
    return tuple(seen)
