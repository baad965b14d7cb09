"""The extension object: attaches translations to applications."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, ClassVar, TypeVar

from babel import Locale, UnknownLocaleError
from jinja2 import Template
from werkzeug.datastructures import ImmutableDict

from demijohn import Flask
from demijohn.ext.i18n import templates, urls
from demijohn.ext.i18n.cli import i18n as command_group
from demijohn.ext.i18n.configuration import KINDS, BabelConfiguration, get_babel
from demijohn.ext.i18n.current import force_locale, get_locale, texts
from demijohn.ext.i18n.domain import Domain
from demijohn.ext.i18n.messages import OwnTexts, error_answers
from demijohn.extend import (
    adapt_view, add_carrier, add_check, answer_errors, before_stream, expect_settings, is_async, set_translator,
    unproxied,
)  # fmt: skip

__all__ = ["Babel"]

F = TypeVar("F", bound=Callable[[], Any])


class Babel:
    """Translates applications.

    :param app: The application; or call :meth:`init_app` later. One object may serve several.
    :param date_formats: The formats of dates, instead of :attr:`default_date_formats`.
    :param configure_jinja: Let templates have ``_``, ``{% trans %}`` and the filters.
    :param options: For :meth:`init_app`.
    """

    default_date_formats: ClassVar[ImmutableDict[str, str | None]] = ImmutableDict(
        dict.fromkeys(("time", "date", "datetime"), "medium")
        | {
            f"{kind}.{length}": None
            for kind in ("time", "date", "datetime")
            for length in ("short", "medium", "full", "long")
        }
    )

    def __init__(
        self,
        app: Flask | None = None,
        date_formats: dict[str, str | None] | None = None,
        configure_jinja: bool = True,
        *args: Any,
        **options: Any,
    ) -> None:
        self._configure_jinja = configure_jinja
        #: The formats of dates. One may be changed: ``babel.date_formats["date"] = "long"``.
        self.date_formats: dict[str, str | None] = (
            dict(self.default_date_formats) if date_formats is None else date_formats
        )
        #: What the decorators registered, for applications that were given no selectors of their own.
        self.locale_selector_func: Callable[[], Any] | None = None
        self.timezone_selector_func: Callable[[], Any] | None = None
        self._domains: dict[str, Domain] = {}
        if app is not None:
            self.init_app(app, *args, **options)

    def init_app(
        self, app: Flask, default_locale: str = "en", default_domain: str = "messages",
        default_translation_directories: str = "translations", default_timezone: str = "UTC",
        locale_selector: Callable[[], Any] | None = None, timezone_selector: Callable[[], Any] | None = None,
        user_locale: Callable[[], Any] | None = None,
    ) -> None:  # fmt: skip
        """Translate an application. Its settings go before what is said here.

        :param app: The application.
        :param default_locale: For who asks for none that is offered (``BABEL_DEFAULT_LOCALE``).
        :param default_domain: The name of its catalogues (``BABEL_DOMAIN``).
        :param default_translation_directories: Its folders, ``;`` between them (``BABEL_TRANSLATION_DIRECTORIES``).
            ``package:folder`` is one in an installed package.
        :param default_timezone: For who has none (``BABEL_DEFAULT_TIMEZONE``).
        :param locale_selector: Returns the locale of a request, before the sources of ``BABEL_LOCALE_ORDER`` are
            asked; None for the default.
        :param timezone_selector: Returns the time zone; None for the default.
        :param user_locale: Returns the locale of who is logged in, or None.
        :raises TypeError: for a selector that is async.
        :raises ValueError: for a default that is no locale or no time zone, or a locale that is none.
        """
        app = unproxied(app)
        expect_settings(app, **KINDS)
        config = app.config
        folders = config.get("BABEL_TRANSLATION_DIRECTORIES", default_translation_directories)
        made = BabelConfiguration(
            app,
            self,
            default_locale=config.get("BABEL_DEFAULT_LOCALE", default_locale),
            default_timezone=config.get("BABEL_DEFAULT_TIMEZONE", default_timezone),
            default_domain=config.get("BABEL_DOMAIN", default_domain),
            default_directories=folders.split(";") if isinstance(folders, str) else list(folders),
            locale_selector=locale_selector,
            timezone_selector=timezone_selector,
            user_locale=user_locale,
        )
        _look_at(made)
        app.extensions["babel"] = made
        app.cli.add_command(command_group)
        add_check(app, made.check)
        add_carrier(app, "locale", _locale_here, force_locale)
        if self._configure_jinja:
            templates.install(app.jinja_env)
            before_stream(app, _before_stream)
        if app.policy.locale_of_request or config.get("BABEL_LOCALES") is not None:
            app.url_defaults(urls.Filling(app))
            adapt_view(app, urls.without_locale)
        if app.policy.translated_texts:
            set_translator(app, OwnTexts())
            answer_errors(app, error_answers)

    # The older way to hand in selectors.

    def localeselector(self, f: F) -> F:
        """Register what returns the locale of a request, as ``locale_selector=`` does."""
        self.locale_selector_func = _sync(f)
        return f

    def timezoneselector(self, f: F) -> F:
        """Register what returns the time zone, as ``timezone_selector=`` does."""
        self.timezone_selector_func = _sync(f)
        return f

    # The current application's.

    def list_translations(self) -> list[Locale]:
        """The locales that there are compiled catalogues of, folder by folder, and the default one."""
        found = get_babel().found()
        return found if self.default_locale in found else [*found, self.default_locale]

    @property
    def locales(self) -> list[Locale]:
        """The locales that are offered, for a page that lets one choose."""
        offered = get_babel().offered()
        return [self.default_locale] if offered is None else list(offered.locales)

    @property
    def default_locale(self) -> Locale:
        """The locale for who asks for none that is offered."""
        return get_babel().default()

    @property
    def default_timezone(self) -> tzinfo:
        """The time zone for who has none."""
        configuration = get_babel()
        zone = configuration.timezone(configuration.default_timezone)
        if zone is None:
            raise ValueError(_no_zone(configuration.default_timezone))
        return zone

    @property
    def domain(self) -> str:
        """The name of the catalogues."""
        return get_babel().default_domain

    @property
    def domain_instance(self) -> Domain:
        """The default domain."""
        name = self.domain
        found = self._domains.get(name)
        if found is None:
            found = self._domains[name] = Domain(domain=name)
        return found


def _before_stream(template: Template) -> None:
    """Find the language of a template while its header fields can still say so."""
    texts()


def _sync(selector: F) -> F:
    if is_async(selector):
        raise TypeError(
            "A selector is async, and a text cannot be waited for: decorate a plain function. What it needs can be"
            " loaded before the view, in a before_request function, and kept in g."
        )
    return selector


def _no_zone(zone: object) -> str:
    return (
        f"BABEL_DEFAULT_TIMEZONE is {zone!r:.60}, which is no time zone. Expected is such as 'Europe/Vienna'."
    )


def _look_at(configuration: BabelConfiguration) -> None:
    """Whether the defaults make sense, before a visitor finds out."""
    try:
        configuration.default()
    except (ValueError, UnknownLocaleError) as e:
        raise ValueError(
            f"BABEL_DEFAULT_LOCALE is {str(configuration.default_locale)[:60]!r}, which is no locale that Babel"
            " knows. Expected is such as 'en' or 'pt_BR'."
        ) from e
    if configuration.timezone(configuration.default_timezone) is None:
        raise ValueError(_no_zone(configuration.default_timezone))
    configuration.offered()


def _locale_here() -> str | None:
    """The locale that goes with work which is handed on."""
    locale = get_locale()
    return None if locale is None else str(locale)
