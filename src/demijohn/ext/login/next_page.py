"""The way to the login page and back: URLs with ``next``, and the redirect that follows it safely.

This module must not know who is logged in.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from demijohn import Response, current_app, request, safe_redirect, session, url_for

__all__ = ["expand_login_view", "login_url", "make_next_param", "redirect_to_next"]


def make_next_param(login_url: str, current_url: str) -> str:
    """The shortest URL that leads from the login page back to ``current_url``.

    On the same host that is the path with the query; a path that begins with several slashes gets
    one, because a browser would take what follows two for a host.

    :param login_url: The login page's URL.
    :param current_url: The whole URL of the page asked for.
    """
    login, page = urlsplit(login_url), urlsplit(current_url)
    elsewhere = login.netloc and login.netloc != page.netloc
    if elsewhere or (login.scheme and login.scheme != page.scheme):
        return current_url
    path = page.path
    if path[1:2] in {"/", "\\"} and current_app.policy.clean_next_page:
        path = "/" + path.lstrip("/\\")
    return urlunsplit(("", "", path, page.query, ""))


def expand_login_view(login_view: str) -> str:
    """The URL of the login page, given as endpoint or URL."""
    is_url = login_view.startswith(("/", "http://", "https://"))
    return login_view if is_url else url_for(login_view)


def login_url(login_view: str, next_url: str | None = None, next_field: str = "next") -> str:
    """The login page's URL, with the page to come back to in its query.

    :param login_view: Endpoint or URL of the login page.
    :param next_url: Where to go after the login.
    :param next_field: Name of the field of the query that says so.

    ``FORCE_HOST_FOR_REDIRECTS`` puts another host in.
    """
    base = expand_login_view(login_view)
    if next_url is None:
        return base
    parts = urlsplit(base)
    fields: dict[str, Any] = parse_qs(parts.query, keep_blank_values=True)
    fields[next_field] = make_next_param(base, next_url)
    host = current_app.config.get("FORCE_HOST_FOR_REDIRECTS") or parts.netloc
    return urlunsplit(parts._replace(netloc=host, query=urlencode(fields, doseq=True)))


def redirect_to_next(fallback: str, next_field: str = "next") -> Response:
    """After the login, a redirect to the page that was asked for before it.

    That page is named by the form, the query or the session (``USE_SESSION_FOR_NEXT``), all of which
    a stranger may have written: a target that leads off this site is not followed.

    :param fallback: Where to go when there is no such page, or it is not to be followed.
    :param next_field: Name of the field.
    """
    kept = session.pop("next", None) if "next" in session else None
    target = request.form.get(next_field) or request.args.get(next_field) or kept
    return safe_redirect(target, fallback)
