"""What the extension knows of an application: settings, selectors, folders, and which locales are offered.

This module must not know what is current but for the application.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from weakref import ref
from zoneinfo import ZoneInfo

from babel import Locale

from demijohn import Flask
from demijohn.ext.i18n.catalogue import Texts, load, signature
from demijohn.ext.i18n.negotiation import Offered, PageLocale, parsed, read
from demijohn.extend import Finding, current_application, is_async


__all__ = ["BabelConfiguration", "Instance", "get_babel"]

SOURCES = ("url", "session", "user", "header")

_SELECTORS = frozenset({"locale_selector", "timezone_selector", "user_locale"})


def _is_source(order: object) -> bool:
    return isinstance(order, (list, tuple)) and all(name in SOURCES for name in order)


def _is_directories(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
    )


#: Of which kinds the settings can be.
KINDS: dict[str, Any] = {
    "BABEL_DEFAULT_LOCALE": (lambda v: isinstance(v, (str, Locale)), "a locale such as 'en' or 'pt_BR'"),
    "BABEL_DEFAULT_TIMEZONE": (lambda v: isinstance(v, (str, tzinfo)), "a time zone such as 'Europe/Vienna'"),
    "BABEL_DOMAIN": "text",
    "BABEL_LOCALES": "texts",
    "BABEL_LOCALE_ORDER": (_is_source, f"a list of some of {', '.join(map(repr, SOURCES))}"),
    "BABEL_TRANSLATION_DIRECTORIES": (
        _is_directories,
        "folders in a list, or in a text with ';' between them",
    ),
}


class Instance(Protocol):
    """The extension object, as far as a configuration's readers go."""

    date_formats: dict[str, str | None]
    locale_selector_func: Callable[[], Any] | None
    timezone_selector_func: Callable[[], Any] | None

    @property
    def domain_instance(self) -> Any:
        """The default domain."""
        ...

    @property
    def default_timezone(self) -> tzinfo:
        """The time zone for who has none."""
        ...


class BabelConfiguration:
    """One application's configuration: ``get_babel()``. What is assigned here counts from the next request on.

    :param app: The application.
    :param instance: The extension object.
    """

    def __init__(
        self, app: Flask, instance: Instance, *, default_locale: str, default_timezone: str, default_domain: str,
        default_directories: list[str], locale_selector: Callable[[], Any] | None,
        timezone_selector: Callable[[], Any] | None, user_locale: Callable[[], Any] | None,
    ) -> None:  # fmt: skip
        self.instance = instance
        self.default_locale = default_locale
        self.default_timezone = default_timezone
        #: Domains, with ``;`` between them: one for all folders, or one for each.
        self.default_domain = default_domain
        self.default_directories = default_directories
        self.translation_directories = [_resolved(folder, app.root_path) for folder in default_directories]
        self.locale_selector = locale_selector
        self.timezone_selector = timezone_selector
        #: Tells the locale of who is logged in, for ``"user"`` in ``BABEL_LOCALE_ORDER``.
        self.user_locale = user_locale
        #: The class of locales: natively one that knows how pages write it.
        self.locale_class: type[Locale] = PageLocale if app.policy.locale_of_request else Locale
        self._app = ref(app)
        self._offered: tuple[Any, Offered] | None = None
        self._warned: set[tuple[str, str, str]] = set()

    def __setattr__(self, name: str, value: object) -> None:
        if name in _SELECTORS and callable(value) and is_async(value):
            raise TypeError(
                f"{name} is async, and a text cannot be waited for: hand in a plain function. What it needs can be"
                " loaded before the view, in a before_request function, and kept in g."
            )
        object.__setattr__(self, name, value)

    @property
    def app(self) -> Flask:
        """The application."""
        app = self._app()
        assert app is not None, "the application is gone"
        return app

    # Locales.

    def default(self) -> Locale:
        """The default locale."""
        return self.locale_class.parse(str(self.default_locale).replace("-", "_"))

    def offered(self) -> Offered | None:
        """The locales that are offered: ``BABEL_LOCALES``, else those that there are catalogues of.

        None for an application that comes from Flask and says nothing of it.
        """
        app = self.app
        codes = app.config.get("BABEL_LOCALES")
        made = self._offered
        if made is not None and made[0] is codes and (codes is not None or not app.debug):
            return made[1]
        default = self.default()
        if codes is not None:
            offered = Offered.of([codes] if isinstance(codes, str) else codes, default, self.locale_class)
        elif app.policy.locale_of_request:
            offered = Offered.of([default, *self.found()], default, self.locale_class)
        else:
            return None
        self._offered = (codes, offered)
        return offered

    def understood(self, code: object) -> Locale | None:
        """The locale that a selector or a user means, or None when that is not offered, or none at all."""
        if code is None:
            return None
        if self.app.config.get("BABEL_LOCALES") is None:
            return read(code, self.locale_class)
        offered = self.offered()
        return None if offered is None else offered.lookup(code)

    def order(self) -> Sequence[str]:
        """Where the locale of a request is looked for."""
        order: Sequence[str] | None = self.app.config.get("BABEL_LOCALE_ORDER")
        return SOURCES if order is None else order

    def found(self) -> list[Locale]:
        """The locales that there are compiled catalogues of, folder by folder."""
        return [
            locale
            for directory in self.translation_directories
            for name in _locale_folders(directory)
            if (locale := parsed(name, self.locale_class.parse)) is not None
        ]

    def timezone(self, zone: Any) -> tzinfo | None:
        """The time zone of a name, or None when it is none."""
        if not isinstance(zone, str):
            return zone if isinstance(zone, tzinfo) else None
        try:
            return ZoneInfo(zone)
        except (ValueError, OSError, LookupError):  # what a zone's name of 10 KB or with ".." raises
            return None

    # Catalogues.

    def places(self, directories: Sequence[str], domains: Sequence[str]) -> list[tuple[str, str]]:
        """Each folder with its domain; the last domain is that of all further folders."""
        last = len(domains) - 1
        return [(folder, domains[min(index, last)]) for index, folder in enumerate(directories)]

    def blueprint_directories(self) -> list[str]:
        """The folders ``translations`` of blueprints that have one of their own."""
        app = self.app
        own = set(self.translation_directories)
        folders = [os.path.join(blueprint.root_path, "translations") for blueprint in app.iter_blueprints()]
        return [folder for folder in dict.fromkeys(folders) if folder not in own and os.path.isdir(folder)]

    def check(self, app: Flask) -> Iterator[Finding]:
        """What ``demijohn check --deploy`` is told: catalogues that nobody would see."""
        for directory in [*self.translation_directories, *self.blueprint_directories()]:
            for path in sorted(Path(directory).glob("*/LC_MESSAGES/*.po")):
                if not path.with_suffix(".mo").exists():
                    yield Finding(
                        "uncompiled-catalogue", "warning", f"The catalogue {path} is not compiled.",
                        "Its texts are not translated.",
                        "Run 'demijohn i18n compile' where the application is built.",
                    )  # fmt: skip

    def load(
        self, places: list[tuple[str, str]], more: list[tuple[str, str]], locale: Locale, known: Texts | None
    ) -> Texts:
        """The texts of a locale: ``known``, unless there is none or, in debug mode, a file has changed."""
        if known is None:
            texts = load(places, locale, self.warn, more)
            texts.signature = signature([*more, *places], locale) if self.app.debug else ()
            return texts
        if self.app.debug and known.signature != signature([*more, *places], locale):
            self._warned.clear()
            return self.load(places, more, locale, None)
        return known

    def warn(self, file: str, entry: str, wrong: str) -> None:
        """Log once what is wrong with a catalogue."""
        key = (file, entry, wrong if not entry else "")
        if key in self._warned:
            return
        self._warned.add(key)
        what = f"the entry {entry!r:.120}" if entry else "the catalogue"
        self.app.logger.warning(
            "Translations: in %s, %s is not used: %s. The source text is shown.", file, what, wrong
        )


def get_babel(app: Flask | None = None) -> BabelConfiguration:
    """An application's configuration.

    :param app: The application, the current one by default.
    :raises KeyError: when it has no ``Babel``.
    """
    found: BabelConfiguration | None = (app or current_application()).extensions.get("babel")
    if found is None:
        raise KeyError("babel: this application has no translations. Call Babel(app) where it is created.")
    return found


def _resolved(folder: str, root: str) -> str:
    """A folder of the setting: absolute, below the application's, or ``package:folder``."""
    package, colon, inside = folder.partition(":")
    if colon and len(package) > 1 and all(part.isidentifier() for part in package.split(".")):
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ValueError(
                f"BABEL_TRANSLATION_DIRECTORIES has {folder!r}, and there is no package {package!r} to import."
            )
        return os.path.join(next(iter(spec.submodule_search_locations)), inside)
    return folder if os.path.isabs(folder) else os.path.join(root, folder)


def _locale_folders(directory: str) -> Iterator[str]:
    """The names of the locales whose folders have a compiled catalogue."""
    if os.path.isdir(directory):
        for name in sorted(os.listdir(directory)):
            if any(Path(directory, name, "LC_MESSAGES").glob("*.mo")):
                yield name
