"""The locale, time zone and texts of what is answered now, found when first asked for.

They belong to a context: a request, a socket, a command, a job. What :func:`force_locale` says belongs besides to
the task or thread that said it. Nothing is done for a request in which nobody asks. This module must not know how
texts are filled in or formatted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import tzinfo
from typing import Any

from babel import Locale

from demijohn import after_this_request, has_request_context
from demijohn.ext.i18n.catalogue import NOTHING, Texts
from demijohn.ext.i18n.configuration import BabelConfiguration, get_babel
from demijohn.ext.i18n.negotiation import PageLocale, read, tag_of
from demijohn.extend import PerContext, current_environ, current_request, current_session

__all__ = ["force_locale", "get_locale", "get_timezone", "refresh", "set_locale", "text_direction"]

#: Where the session has a locale that was chosen.
SESSION_KEY = "_locale"


class Current:
    """What is known of a context."""

    __slots__ = ("asked", "domain", "locale", "telling", "texts", "timezone", "translated")

    def __init__(self) -> None:
        self.locale: Locale | None = None
        self.timezone: tzinfo | None = None
        self.texts: Texts | None = None
        #: A :class:`~demijohn.ext.i18n.domain.Domain` that is the default here.
        self.domain: Any = None
        #: Whether Accept-Language was looked at, and whether a text was asked for.
        self.asked = self.translated = False
        #: Whether the answer will be told.
        self.telling = False

    def tell(self) -> None:
        """Have the answer to this request say what it depends on, and its language."""
        if not self.telling and has_request_context():
            self.telling = True
            after_this_request(self._tell)

    def _tell(self, response: Any) -> Any:
        headers = response.headers
        if self.asked:
            vary = headers.get("Vary")
            if vary is None:
                headers["Vary"] = "Accept-Language"
            elif vary != "*" and "accept-language" not in vary.lower():
                headers["Vary"] = f"{vary}, Accept-Language"
        locale = self.locale
        if self.translated and isinstance(locale, PageLocale):
            content_type: str = headers.get("Content-Type") or ""
            if content_type.startswith("text/html") and "Content-Language" not in headers:
                headers["Content-Language"] = tag_of(locale)
        return response


class Forced:
    """A locale that was forced in a context, by one of its tasks."""

    __slots__ = ("current", "locale", "texts")

    def __init__(self, current: Current, locale: Locale) -> None:
        self.current = current
        self.locale = locale
        self.texts: Texts | None = None


contexts = PerContext(Current)
forced: ContextVar[Forced | None] = ContextVar("demijohn.ext.i18n.forced", default=None)


def texts() -> Texts:
    """The texts of the current locale, in the default domain."""
    current = contexts.get()
    if current is None:
        return NOTHING
    over = forced.get()
    if over is not None and over.current is current:
        found = over.texts
        if found is None:
            found = over.texts = default_domain(current).texts_of(over.locale)
        return found
    found = current.texts
    if found is None:
        found = current.texts = default_domain(current).texts_of(current.locale or _find(current))
        current.translated = True
        current.tell()
    return found


def default_domain(current: Current) -> Any:
    """The domain that texts are looked up in."""
    return current.domain or get_babel().instance.domain_instance


def get_locale() -> Locale | None:
    """The locale of what is answered now; None outside of any context."""
    current = contexts.get()
    if current is None:
        return None
    over = forced.get()
    if over is not None and over.current is current:
        return over.locale
    return current.locale or _find(current)


def _find(current: Current) -> Locale:
    configuration = get_babel()
    locale = current.locale = _chosen(configuration, current) or configuration.default()
    return locale


def _chosen(configuration: BabelConfiguration, current: Current) -> Locale | None:
    """The locale of the selector or, where it has none that is offered, of the first source that has."""
    in_request = has_request_context()
    selector = configuration.locale_selector or configuration.instance.locale_selector_func
    if selector is not None:
        try:
            code = selector()
        except RuntimeError:
            if in_request:
                raise
            return None  # it asks the request, and a command or job has none
        locale = configuration.understood(code)
        if code is None or locale is not None:
            return locale
    if not in_request:
        return None
    offered = configuration.offered()
    if offered is None:
        return None
    found: Locale | None = None
    for source in configuration.order():
        if source == "url":
            found = offered.named((current_request().view_args or {}).get("locale", ""))
        elif source == "session":
            found = offered.named(current_session().get(SESSION_KEY, ""))
        elif source == "user":
            user = configuration.user_locale
            found = None if user is None else configuration.understood(user())
        elif len(offered.locales) > 1:
            current.asked = True
            current.tell()
            found = offered.accepted(current_environ().get("HTTP_ACCEPT_LANGUAGE") or "")
        if found is not None:
            return found
    return None


def get_timezone() -> tzinfo | None:
    """The time zone of who is answered; None outside of any context."""
    current = contexts.get()
    if current is None:
        return None
    if current.timezone is None:
        configuration = get_babel()
        selector = configuration.timezone_selector or configuration.instance.timezone_selector_func
        chosen = None
        if selector is not None:
            try:
                chosen = configuration.timezone(selector())
            except RuntimeError:
                if has_request_context():
                    raise
        current.timezone = chosen or configuration.instance.default_timezone
    return current.timezone


def refresh() -> None:
    """Find locale and time zone anew when they are next asked for, because what they are chosen by has changed.

    What :func:`force_locale` says stays.
    """
    current = contexts.get()
    if current is not None:
        current.locale = current.timezone = current.texts = None


def set_locale(code: object) -> None:
    """Keep a locale in the session of this browser, and use it from here on.

    :param code: Such as ``"es"``, ``"pt_BR"`` or ``"pt-BR"``.
    :raises ValueError: when it is not offered.
    :raises RuntimeError: outside of a request.
    """
    configuration = get_babel()
    offered = configuration.offered()
    locale = read(code, configuration.locale_class) if offered is None else offered.named(code)
    if locale is None:
        there = "" if offered is None else f" There are: {', '.join(map(str, offered.locales))}."
        raise ValueError(f"The locale {str(code)[:40]!r} is not offered.{there}")
    current_session()[SESSION_KEY] = str(locale)
    refresh()


@contextmanager
def force_locale(locale: object) -> Iterator[None]:
    """Use another locale for a while, in this task or thread of the current context only::

        with force_locale(customer.locale):
            send(customer, gettext("Your order is on its way."))

    :param locale: A locale or its code. It need not be offered; one that is none is the default.
    """
    current = contexts.get()
    if current is None:
        yield
        return
    configuration = get_babel()
    over = Forced(current, read(locale, configuration.locale_class) or configuration.default())
    before = forced.get()
    forced.set(over)
    try:
        yield
    finally:
        # Not by its token: the parts of a stream may run in copies of one context.
        forced.set(before)


def text_direction(locale: object = None) -> str:
    """``"rtl"`` or ``"ltr"``: how a locale is written, for ``<html dir="{{ text_direction() }}">``.

    :param locale: A locale or its code, the current one by default.
    """
    found = get_locale() if locale is None else read(locale)
    return "ltr" if found is None else found.text_direction
