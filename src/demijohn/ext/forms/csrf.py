"""Protection against requests that a page of another site makes with a visitor's cookies (CSRF).

What a browser vouches for, it has checked: a request of the same origin needs nothing else. For other requests, a
token decides that only pages of this site can know: signed, and bound to the visitor's session. This module must
not know of forms; one asks it for its token.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from jinja2 import Template
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from wtforms import ValidationError

from demijohn import Blueprint, Flask, g
from demijohn.ext.forms.tokens import check_token, make_token, new_secret
from demijohn.extend import (
    before_stream, current_application, current_request, current_session, nonblocking, unproxied, vouched,
)  # fmt: skip

__all__ = [
    "CSRFError", "CSRFProtect", "csrf_meta_tag", "generate_csrf", "logger", "same_origin", "validate_csrf",
]  # fmt: skip

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: What the settings are when an application does not set them.
DEFAULTS: dict[str, Any] = {
    "WTF_CSRF_ENABLED": True,
    "WTF_CSRF_CHECK_DEFAULT": True,
    "WTF_CSRF_METHODS": ("POST", "PUT", "PATCH", "DELETE"),
    "WTF_CSRF_FIELD_NAME": "csrf_token",
    "WTF_CSRF_HEADERS": ["X-CSRFToken", "X-CSRF-Token"],
    "WTF_CSRF_META_NAME": "csrf-token",
    "WTF_CSRF_TIME_LIMIT": 3600,
    "WTF_CSRF_SSL_STRICT": True,
}


class CSRFError(BadRequest):
    """A request that may come from a page of another site (400); an error handler for it can say so in its words."""

    description = "CSRF validation failed."


def generate_csrf(secret_key: str | bytes | None = None, token_key: str | None = None) -> str:
    """The token for forms and scripts of this answer: the same one whenever it is asked for in a request.

    The session gets a secret with its first token, so its cookie is sent.

    :param secret_key: What it is signed with; ``WTF_CSRF_SECRET_KEY``, else the application's, by default.
    :param token_key: The name of the secret in the session; ``WTF_CSRF_FIELD_NAME`` by default.
    :raises RuntimeError: without a key or a name.
    """
    keys, name = prepare_csrf(secret_key, token_key)
    namespace = g._get_current_object()
    token: str | None = namespace.get(name)
    if token is None:
        kept = current_session()
        try:
            token = make_token(kept[name], keys)
        except TypeError:  # something else of this name, which is no text
            kept[name] = new_secret()
            token = make_token(kept[name], keys)
        setattr(namespace, name, token)
    return token


def prepare_csrf(
    secret_key: str | bytes | None = None, token_key: str | None = None
) -> tuple[Sequence[str | bytes], str]:
    """Give the session its secret, if it has none: what of a token has to be done before the header is sent.

    :returns: What signs the token, and the name of the secret in the session.
    :raises RuntimeError: as :func:`generate_csrf`.
    """
    keys = _keys(secret_key)
    name: str = _setting(token_key, "WTF_CSRF_FIELD_NAME", "A field name is required to use CSRF.")
    kept = current_session()
    if name not in kept:
        kept[name] = new_secret()
    return keys, name


def validate_csrf(
    data: str | None,
    secret_key: str | bytes | None = None,
    time_limit: float | None = None,
    token_key: str | None = None,
) -> None:
    """Hold a token to the session.

    :param data: The token.
    :param secret_key: As of :func:`generate_csrf`.
    :param time_limit: How many seconds old it may be; ``WTF_CSRF_TIME_LIMIT`` by default.
    :param token_key: As of :func:`generate_csrf`.
    :raises ValidationError: saying why it is none of this session.
    :raises RuntimeError: without a key or a name.
    """
    keys = _keys(secret_key)
    name: str = _setting(token_key, "WTF_CSRF_FIELD_NAME", "A field name is required to use CSRF.")
    if time_limit is None:
        time_limit = current_application().config.get("WTF_CSRF_TIME_LIMIT", DEFAULTS["WTF_CSRF_TIME_LIMIT"])
    if not data:
        raise ValidationError("The CSRF token is missing.")
    kept = current_session()
    if name not in kept:
        raise ValidationError("The CSRF session token is missing.")
    check_token(data, kept[name], keys, time_limit)


def csrf_meta_tag(
    name: str | None = None, secret_key: str | bytes | None = None, token_key: str | None = None
) -> Markup:
    """A ``<meta>`` element with the token, for scripts that send it in the header field ``X-CSRFToken``.

    :param name: Its name; ``WTF_CSRF_META_NAME`` by default.
    """
    name = _setting(name, "WTF_CSRF_META_NAME", "A name is required for the meta tag.")
    token = generate_csrf(secret_key=secret_key, token_key=token_key)
    return Markup('<meta name="{}" content="{}">').format(name, token)


def is_vouched_for() -> bool:
    """Whether the current request needs no token, because a browser vouches for where it comes from."""
    app = current_application()
    required = app.config.get("WTF_CSRF_REQUIRE_TOKEN")
    if required or (required is None and not app.policy.vouched_forms):
        return False
    return vouched(current_request()) is True


def _keys(secret_key: str | bytes | None) -> Sequence[str | bytes]:
    """What tokens may be signed with, the one that signs last."""
    app = current_application()
    if secret_key is None:
        secret_key = app.config.get("WTF_CSRF_SECRET_KEY", app.secret_key)
        if secret_key is None:
            raise RuntimeError("A secret key is required to use CSRF.")
    older = app.config.get("SECRET_KEY_FALLBACKS")
    return (*reversed(older), secret_key) if older and secret_key == app.secret_key else (secret_key,)


def _setting(given: T | None, name: str, missing: str) -> T:
    if given is None:
        given = current_application().config.get(name, DEFAULTS[name])
    if given is None:
        raise RuntimeError(missing)
    return given


class CSRFProtect:
    """Has every view that changes something, of every form and script, ask who sent the request.

    ::

        csrf = CSRFProtect(app)

    Templates have ``csrf_token()``, for a hidden field of that name, and ``csrf_meta_tag()``.

    :param app: The application, unless :meth:`init_app` is called.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._exempt_views: set[str] = set()
        self._exempt_blueprints: set[Blueprint] = set()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Protect an application."""
        app = unproxied(app)
        app.extensions["csrf"] = self
        for setting, value in DEFAULTS.items():
            app.config.setdefault(setting, value)
        app.config["WTF_CSRF_METHODS"] = set(app.config["WTF_CSRF_METHODS"])
        app.add_template_global(generate_csrf, "csrf_token")
        app.add_template_global(csrf_meta_tag, "csrf_meta_tag")
        before_stream(app, _send_cookie_ahead)

        @app.before_request
        @nonblocking
        def csrf_protect() -> None:
            if app.config["WTF_CSRF_ENABLED"] and app.config["WTF_CSRF_CHECK_DEFAULT"]:
                self.protect(apply_exemptions=True)

    def protect(self, apply_exemptions: bool = False) -> None:
        """Check the current request, where its method is one of ``WTF_CSRF_METHODS``.

        :param apply_exemptions: Leave out what was given to :meth:`exempt`.
        :raises CSRFError: when it may come from a page of another site.
        """
        request = current_request()
        config = current_application().config
        if request.method not in config["WTF_CSRF_METHODS"]:
            return
        if apply_exemptions and (not request.endpoint or self._is_exempt()):
            return
        if not is_vouched_for():
            try:
                validate_csrf(self._get_csrf_token())
            except ValidationError as e:
                reason = str(e)
                logger.info(reason)
                self._error_response(reason)
            if request.is_secure and config["WTF_CSRF_SSL_STRICT"]:
                self._check_referrer(request.referrer, f"https://{request.host}/")
        g.csrf_valid = True  # the form need not check again

    def _check_referrer(self, referrer: str | None, own: str) -> None:
        if not referrer:
            self._error_response("The referrer header is missing.")
        if not same_origin(referrer, own):
            self._error_response("The referrer does not match the host.")

    def _get_csrf_token(self) -> str | None:
        """The token that was sent: in a field, whose name may have a form's prefix, or a header field."""
        request = current_request()
        config = current_application().config
        # The body of a route that reads it as it comes is left to its view.
        if not getattr(request.url_rule, "stream", False):
            name = config["WTF_CSRF_FIELD_NAME"]
            token: str | None = request.form.get(name)
            if token:
                return token
            for key, value in request.form.items():
                if key.endswith(name) and value:
                    return value
        for field in config["WTF_CSRF_HEADERS"]:
            token = request.headers.get(field)
            if token:
                return token
        return None

    def _is_exempt(self) -> bool:
        app, request = current_application(), current_request()
        if self._exempt_blueprints:
            around = request.blueprints if app.policy.nested_exemptions else request.blueprints[:1]
            if any(app.blueprints.get(name) in self._exempt_blueprints for name in around):
                return True
        if not self._exempt_views:
            return False
        view = app.view_functions.get(request.endpoint or "")
        return view is not None and _location(view) in self._exempt_views

    def exempt(self, view: T) -> T:
        """Leave a view or a blueprint out; usable as a decorator, below the route's.

        With a blueprint, those that are nested in it are left out too.

        :param view: The view, its ``module.name``, or the blueprint.
        :returns: The same.
        """
        if isinstance(view, Blueprint):
            self._exempt_blueprints.add(view)
        else:
            self._exempt_views.add(view if isinstance(view, str) else _location(view))
        return view

    def _error_response(self, reason: str) -> NoReturn:
        raise CSRFError(reason)


def _location(view: Any) -> str:
    return f"{getattr(view, '__module__', '')}.{getattr(view, '__name__', '')}"


def same_origin(current_uri: str, compare_uri: str) -> bool:
    """Whether two URLs have the same scheme, host and port."""
    try:
        one, other = urlsplit(current_uri), urlsplit(compare_uri)
        return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)
    except ValueError:  # a port that is none
        return False


def _send_cookie_ahead(template: Template) -> None:
    """Give the session its secret before a template is streamed that may ask for a token.

    The session's cookie is in the header, which is gone when the template is rendered.
    """
    if _may_ask(template):
        prepare_csrf()


_ASKING = {"csrf_token", "csrf_meta_tag"}
_ELSEWHERE = {"get_template", "select_template", "get_or_select_template"}


def _may_ask(template: Template) -> bool:
    """Whether the code of a template has the name of what makes tokens, or goes on in another template."""
    waiting: list[Any] = [
        function.__code__ for function in (template.root_render_func, *template.blocks.values())
    ]
    while waiting:
        code = waiting.pop()
        if not _ASKING.isdisjoint(name for name in code.co_consts if isinstance(name, str)):
            return True
        if not _ELSEWHERE.isdisjoint(code.co_names):
            return True
        waiting += [inner for inner in code.co_consts if hasattr(inner, "co_consts")]
    return False
