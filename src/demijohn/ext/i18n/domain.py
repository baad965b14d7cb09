"""Domains of texts, and the functions that translate: ``gettext`` and its family.

A text that is called without variables is never formatted. This module must not know templates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from babel import Locale

from demijohn.ext.i18n.catalogue import CONTEXT, NOTHING, Texts
from demijohn.ext.i18n.configuration import get_babel
from demijohn.ext.i18n.current import contexts, default_domain, get_locale, texts
from demijohn.ext.i18n.speaklater import LazyString
from demijohn.extend import current_application

__all__ = [
    "Domain", "get_domain", "get_translations", "gettext", "lazy_gettext", "lazy_ngettext", "lazy_npgettext",
    "lazy_pgettext", "ngettext", "npgettext", "pgettext",
]  # fmt: skip

S = TypeVar("S", bound=str)


def filled(found: S, source: S, variables: dict[str, Any], entry: str, known: Callable[[], Texts]) -> S:
    """A translation with its variables in it; the source text, with a warning, when they do not fit.

    :param found: The translation, or the source text where there is none.
    :param source: The text that the program has; what is wrong with that is the program's error.
    :param entry: How the catalogue has it.
    :param known: Gives the catalogue.
    """
    try:
        return found % variables  # type: ignore[return-value]
    except (KeyError, ValueError, TypeError) as e:
        if found != source:
            known().unfit(entry, e)
        elif "%(" not in source:  # "50% off": nothing was to be filled in
            return source
        else:
            raise
    return filled(source, source, variables, entry, known)


def one_of(singular: S, plural: S, number: Any) -> S:
    """The source text for a number of something."""
    return singular if number == 1 else plural


def _lazily(function: Callable[..., str], *args: Any, **variables: Any) -> str:
    """A :class:`LazyString`, which type checkers take for the text that it becomes: labels of forms are typed so."""
    return cast("str", LazyString(function, *args, **variables))


class _Family:
    """The functions that translate, over the texts of the current locale."""

    def _texts(self) -> Texts:
        """The texts of the current locale."""
        raise NotImplementedError

    def gettext(self, string: str, /, **variables: Any) -> str:
        """A text in the current locale.

        :param variables: What is filled in: ``gettext("Hello %(name)s!", name=name)``.
        """
        found = self._texts().messages.get(string, string)
        return filled(found, string, variables, string, self._texts) if variables else found

    def ngettext(self, singular: str, plural: str, num: Any, /, **variables: Any) -> str:
        """A text about a number of something, in the form that the current locale has for it.

        :param singular: The text in English for one.
        :param plural: The text in English for others. Both may have ``%(num)d``.
        :param num: How many.
        """
        variables.setdefault("num", num)
        found = self._texts().plural_text(singular, plural, num)
        return filled(found, one_of(singular, plural, num), variables, singular, self._texts)

    def pgettext(self, context: str, string: str, /, **variables: Any) -> str:
        """:meth:`gettext` for a text that means something else elsewhere: ``pgettext("month", "May")``."""
        entry = context + CONTEXT + string
        found = self._texts().messages.get(entry, string)
        return filled(found, string, variables, entry, self._texts) if variables else found

    def npgettext(self, context: str, singular: str, plural: str, num: Any, /, **variables: Any) -> str:
        """:meth:`ngettext` with a context."""
        variables.setdefault("num", num)
        found = self._texts().plural_text(singular, plural, num, context)
        source = one_of(singular, plural, num)
        return filled(found, source, variables, context + CONTEXT + singular, self._texts)

    def lazy_gettext(self, string: str, /, **variables: Any) -> str:
        """:meth:`gettext`, each time the text is looked at."""
        return _lazily(self.gettext, string, **variables)

    def lazy_ngettext(self, singular: str, plural: str, num: Any, /, **variables: Any) -> str:
        """:meth:`ngettext`, each time the text is looked at."""
        return _lazily(self.ngettext, singular, plural, num, **variables)

    def lazy_pgettext(self, context: str, string: str, /, **variables: Any) -> str:
        """:meth:`pgettext`, each time the text is looked at."""
        return _lazily(self.pgettext, context, string, **variables)

    def lazy_npgettext(self, context: str, singular: str, plural: str, num: Any, /, **variables: Any) -> str:
        """:meth:`npgettext`, each time the text is looked at."""
        return _lazily(self.npgettext, context, singular, plural, num, **variables)


class Domain(_Family):
    """Texts of one name: catalogues ``<folder>/<locale>/LC_MESSAGES/<domain>.mo``.

    :param translation_directories: The folders, by default those of the application.
    :param domain: The name; several with ``;`` between them are one for each folder.
    """

    def __init__(
        self, translation_directories: str | Sequence[str] | None = None, domain: str = "messages"
    ) -> None:
        if isinstance(translation_directories, str):
            translation_directories = [translation_directories]
        self._translation_directories = (
            None if translation_directories is None else list(translation_directories)
        )
        self.domain = domain.split(";")
        self._caches: WeakKeyDictionary[Any, dict[tuple[str, str], Texts]] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<Domain({self._translation_directories!r}, {self.domain!r})>"

    def __reduce__(self) -> Any:
        return Domain, (self._translation_directories, ";".join(self.domain))

    @property
    def translation_directories(self) -> list[str]:
        """The folders."""
        if self._translation_directories is not None:
            return self._translation_directories
        return get_babel().translation_directories

    def as_default(self) -> None:
        """Have the functions without a domain use this one, in the current context.

        :raises RuntimeError: outside of any.
        """
        current = contexts.get()
        if current is None:
            raise RuntimeError(
                "There is no context to make this the default domain of: call it in a request."
            )
        current.domain, current.texts = self, None

    def get_translations_cache(self, ctx: object = None) -> dict[tuple[str, str], Texts]:
        """What was read for the current application, by locale and domain."""
        return self._caches.setdefault(current_application(), {})

    def get_translations(self) -> Texts:
        """The texts of the current locale; none outside of any context."""
        locale = get_locale()
        return NOTHING if locale is None else self.texts_of(locale)

    def texts_of(self, locale: Locale) -> Texts:
        """The texts of a locale, read when they are first asked for."""
        configuration = get_babel()
        cache = self.get_translations_cache()
        key = (str(locale), self.domain[0])
        known = cache.get(key)
        if known is not None and not configuration.app.debug:
            return known
        places = configuration.places(self.translation_directories, self.domain)
        # What blueprints bring goes behind what the application says.
        own = [] if self._translation_directories is not None else configuration.blueprint_directories()
        more = [(folder, self.domain[0]) for folder in own]
        cache[key] = found = configuration.load(places, more, locale, known)
        return found

    def _texts(self) -> Texts:
        return self.get_translations()


class _Default(_Family):
    """Over the default domain, whichever that is when a text is asked for."""

    def _texts(self) -> Texts:
        return texts()


def get_domain() -> Domain:
    """The default domain: the application's, or what :meth:`Domain.as_default` was called on."""
    current = contexts.get()
    if current is None:
        return Domain()
    domain: Domain = default_domain(current)
    return domain


def get_translations() -> Texts:
    """The texts of the current locale in the default domain; none outside of any context."""
    return texts()


def gettext(string: str, /, **variables: Any) -> str:
    """A text in the current locale.

    :param variables: What is filled in: ``gettext("Hello %(name)s!", name=name)``. Without any, the text is not
        formatted, and may have a ``%`` of its own.
    """
    # PERF: as the method of the family, without one: a call for each text of a page.
    found = texts().messages.get(string, string)
    return filled(found, string, variables, string, texts) if variables else found


_default = _Default()
ngettext = _default.ngettext
pgettext = _default.pgettext
npgettext = _default.npgettext


def lazy_gettext(string: str, /, **variables: Any) -> str:
    """:func:`gettext`, each time the text is looked at: for what is defined when a module is imported."""
    return _lazily(gettext, string, **variables)


def lazy_ngettext(singular: str, plural: str, num: Any, /, **variables: Any) -> str:
    """:func:`ngettext`, each time the text is looked at."""
    return _lazily(ngettext, singular, plural, num, **variables)


def lazy_pgettext(context: str, string: str, /, **variables: Any) -> str:
    """:func:`pgettext`, each time the text is looked at."""
    return _lazily(pgettext, context, string, **variables)


def lazy_npgettext(context: str, singular: str, plural: str, num: Any, /, **variables: Any) -> str:
    """:func:`npgettext`, each time the text is looked at."""
    return _lazily(npgettext, context, singular, plural, num, **variables)
