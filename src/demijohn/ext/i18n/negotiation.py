"""Which of the offered locales suits what somebody asks for: tags in, locales out (RFC 4647, section 3.4).

What comes from outside is compared with what is offered, and is never a path. This module must not know requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Self

from babel import Locale, UnknownLocaleError
from babel.core import get_global

#: A tag of a language has no more characters that count (RFC 5646, section 4.4.1).
_LONGEST_TAG = 35
#: A longer Accept-Language counts as none. Those of browsers have some sixty characters.
_LONGEST_HEADER = 1000
_TAG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*\Z")
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z", re.IGNORECASE)
#: Header fields whose outcome is remembered.
_MOST_REMEMBERED = 256


class PageLocale(Locale):
    """A locale that a page has as browsers want it: ``<html lang="{{ get_locale() }}">`` is ``lang="pt-BR"``."""

    def __html__(self) -> str:
        return tag_of(self)


def tag_of(locale: Locale) -> str:
    """The tag of a locale as HTTP and HTML write it (RFC 5646)."""
    return str(locale).replace("_", "-")


@lru_cache(maxsize=512)
def parsed(code: str, kind: Callable[..., Any] = Locale.parse) -> Locale | None:
    """The locale of a code such as ``pt_BR`` or ``zh-Hans``, or None when it is none.

    :param kind: What makes it.
    """
    if len(code) > _LONGEST_TAG or not _TAG.match(code):
        return None
    try:
        found: Locale = kind(code.replace("-", "_"))
        return found
    except (ValueError, UnknownLocaleError):
        return None


def read(code: object, kind: type[Locale] = Locale) -> Locale | None:
    """The locale that a selector, a session or a URL names, or None when it names none."""
    if isinstance(code, Locale):
        return code if isinstance(code, kind) else parsed(str(code), kind.parse)
    text = str(code)
    return None if len(text) > _LONGEST_TAG else parsed(text, kind.parse)


@lru_cache(maxsize=512)
def _language_and_script(tag: str) -> tuple[str, str] | None:
    """The language of a tag, and the script in which it is written there."""
    locale = parsed(tag)
    if locale is None:
        return None
    script = locale.script
    if script is None:
        likely: str = get_global("likely_subtags").get(locale.language, "")
        script = likely.split("_")[1] if "_" in likely else ""
    return locale.language, script


def parents(locale: Locale) -> Iterator[str]:
    """The names under which texts of a locale may be found, the nearest first: ``de_AT``, ``de``."""
    name = str(locale)
    yield name
    if locale.script and locale.territory:
        yield f"{locale.language}_{locale.territory}"  # zh_TW: how folders are mostly called
    while True:
        above = get_global("parent_exceptions").get(name) or name.rpartition("_")[0]
        if not above or above == "root" or (name.count("_") == 1 and _other_script(name, above)):
            return
        name = above
        yield name


def _other_script(name: str, above: str) -> bool:
    """Whether who reads a locale does not read the one above: ``zh_Hant`` and ``zh``."""
    return _language_and_script(name) != _language_and_script(above)


def preferences(header: str) -> list[str]:
    """The ranges of an Accept-Language, the most wanted first; what is malformed or refused is left out."""
    if len(header) > _LONGEST_HEADER:
        return []
    found: list[tuple[float, str]] = []
    for entry in header.split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if len(name) > _LONGEST_TAG or (name != "*" and not _TAG.match(name)):
            continue
        quality = 1.0
        if parameters:
            match = _QUALITY.match(parameters[0].replace(" ", ""))
            if match is None or len(parameters) > 1:
                continue
            quality = float(match[1])
        if quality:
            found.append((quality, name))
    return [name for _, name in sorted(found, key=lambda item: -item[0])]  # those alike stay in their order


class Offered:
    """The locales that an application is offered in.

    :param locales: In the order in which they are preferred where a visitor does not care.
    :param default: For ``*``, when it is one of them.
    """

    def __init__(self, locales: Sequence[Locale], default: Locale) -> None:
        self.locales = tuple(locales)
        self._by_tag: dict[str, Locale] = {}
        self._by_script: dict[tuple[str, str], Locale] = {}
        for locale in self.locales:
            self._by_tag.setdefault(tag_of(locale).lower(), locale)
            key = _language_and_script(tag_of(locale))
            if key is not None:
                self._by_script.setdefault(key, locale)
        for locale in self.locales:
            if locale.script and locale.territory:  # who offers zh_CN is asked for it by that name
                self._by_tag.setdefault(f"{locale.language}-{locale.territory}".lower(), locale)
        self._any = default if default in self.locales else next(iter(self.locales), None)
        self._remembered: dict[str, Locale | None] = {}

    @classmethod
    def of(cls, codes: Iterable[object], default: Locale, kind: type[Locale]) -> Self:
        """Those of a setting.

        :raises ValueError: for a code that is no locale.
        """
        locales = []
        for code in codes:
            locale = read(code, kind)
            if locale is None:
                raise ValueError(
                    f"BABEL_LOCALES has {str(code)[:40]!r}, which is no locale that Babel knows. Expected are"
                    " such as 'es', 'pt_BR' or 'zh_Hans'."
                )
            if locale not in locales:
                locales.append(locale)
        return cls(locales, default)

    def named(self, code: object) -> Locale | None:
        """The offered locale of exactly this name, or None."""
        text = str(code)
        if len(text) > _LONGEST_TAG:
            return None
        return self._by_tag.get(text.replace("_", "-").lower())

    def lookup(self, tag: object) -> Locale | None:
        """The offered locale for a range: the longest that it begins with, else another region's of its script."""
        text = str(tag)
        if len(text) > _LONGEST_TAG or not _TAG.match(text):
            return None
        name = text.replace("_", "-").lower()
        while name:
            found = self._by_tag.get(name)
            if found is not None:
                return found
            name = name.rpartition("-")[0]
            if name[-2:-1] == "-":  # a subtag of one letter begins what was cut off
                name = name[:-2]
        # A region that nobody knows of leaves the language.
        key = _language_and_script(text) or _language_and_script(text.partition("-")[0])
        return None if key is None else self._by_script.get(key)

    def accepted(self, header: str) -> Locale | None:
        """The offered locale that an Accept-Language wants most, or None when it wants none of them."""
        remembered = self._remembered
        if header in remembered:
            return remembered[header]
        found = None
        for name in preferences(header):
            found = self._any if name == "*" else self.lookup(name)
            if found is not None:
                break
        if len(header) <= _LONGEST_HEADER:
            if len(remembered) >= _MOST_REMEMBERED:
                remembered.clear()
            remembered[header] = found
        return found
