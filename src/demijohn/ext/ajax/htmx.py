"""htmx, 2 and 4: what its requests say, and what an answer tells it.

This module must not know of Sijax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from werkzeug.urls import iri_to_uri
from werkzeug.utils import cached_property

from demijohn import Flask, Request, Response, after_this_request, current_app, json, make_response, redirect
from demijohn.extend import current_environ, unproxied

__all__ = ["Htmx", "HtmxDetails", "HtmxRequest", "hx", "hx_redirect"]

#: Events: a name, several, or by name what each is told.
Events: TypeAlias = str | Iterable[str] | Mapping[str, Any]

_plain_name = re.compile(r"[!-+\--z|~]+")


class HtmxDetails:
    """What htmx says of a request; false for a request that is not htmx's.

    What is looked at goes into ``Vary``, so that no cache gives a fragment to who wants a page.
    """

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ
        self._looked_at: list[str] = []

    def _field(self, name: str) -> str | None:
        """A header field, decoded where htmx has encoded it."""
        self._look("HX-Request")
        self._look(name)
        key = f"HTTP_{name.upper().replace('-', '_')}"
        value: str | None = self._environ.get(key)
        if value is not None and self._environ.get(f"{key}_URI_AUTOENCODED") == "true":
            value = unquote(value)
        return value

    def _look(self, name: str) -> None:
        if not self._looked_at:
            after_this_request(self._vary)
        if name not in self._looked_at:
            self._looked_at.append(name)

    def _vary(self, response: Response) -> Response:
        response.vary.update(self._looked_at)
        return response

    def _flag(self, name: str) -> bool:
        return bool(self) and self._field(name) == "true"

    def _text(self, name: str) -> str | None:
        return self._field(name) if self else None

    def __bool__(self) -> bool:
        return self._field("HX-Request") == "true"

    @property
    def partial(self) -> bool:
        """Whether a fragment is wanted, and no page: it is not boosted, restores no history, and asks for no full
        page."""
        full = self.boosted, self.history_restore, self.request_type == "full"
        return bool(self) and not any(full)

    @property
    def boosted(self) -> bool:
        """Whether it comes from a link or form with ``hx-boost``."""
        return self._flag("HX-Boosted")

    @property
    def history_restore(self) -> bool:
        """Whether the browser went back to a page that htmx no longer has."""
        return self._flag("HX-History-Restore-Request")

    @property
    def current_url(self) -> str | None:
        """The address that the browser shows."""
        return self._text("HX-Current-URL")

    @property
    def prompt(self) -> str | None:
        """What the visitor has answered to ``hx-prompt`` (htmx 2)."""
        return self._text("HX-Prompt")

    @property
    def target(self) -> str | None:
        """The element that gets the answer: its id, or in htmx 4 ``tag#id``."""
        return self._text("HX-Target")

    @property
    def trigger(self) -> str | None:
        """The id of the element that sent the request (htmx 2)."""
        return self._text("HX-Trigger")

    @property
    def trigger_name(self) -> str | None:
        """The name of the element that sent the request (htmx 2)."""
        return self._text("HX-Trigger-Name")

    @property
    def source(self) -> str | None:
        """The element that sent the request, as ``tag#id`` (htmx 4)."""
        return self._text("HX-Source")

    @property
    def request_type(self) -> str | None:
        """``partial``, or ``full`` where the whole page is replaced (htmx 4)."""
        return self._text("HX-Request-Type")

    def __repr__(self) -> str:
        return f"<HtmxDetails of {'an' if self._environ.get('HTTP_HX_REQUEST') == 'true' else 'no'} htmx request>"


class HtmxRequest(Request):
    """A request with ``htmx``: the request class of applications with :class:`Htmx`."""

    @cached_property
    def htmx(self) -> HtmxDetails:
        """What htmx says of it."""
        return HtmxDetails(self.environ)


class Htmx:
    """Gives requests ``request.htmx``.

    :param app: The application; or call :meth:`init_app` later.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give the requests of an application ``request.htmx``, whatever their class is."""
        app = unproxied(app)
        app.extensions["htmx"] = self
        given = app.request_class
        if issubclass(given, HtmxRequest):
            return
        if given is Request:
            app.request_class = HtmxRequest
        else:
            app.request_class = type(given.__name__, (given,), {"htmx": HtmxRequest.htmx})


def hx(
    rv: Any = "", *, trigger: Events | None = None, trigger_after_swap: Events | None = None,
    trigger_after_settle: Events | None = None, push_url: str | bool | None = None,
    replace_url: str | bool | None = None, redirect: str | None = None,
    location: str | Mapping[str, Any] | None = None, refresh: bool | None = None, retarget: str | None = None,
    reswap: str | None = None, reselect: str | None = None,
) -> Response:  # fmt: skip
    """What a view returns, with what htmx is to do besides.

    :param rv: Whatever a view may return.
    :param trigger: Events for the page when the answer is there: a name, several, or what each is told by name.
    :param trigger_after_swap: Events when the fragment is in the page (htmx 2).
    :param trigger_after_settle: Events when it has settled (htmx 2).
    :param push_url: An address for the history; False for none.
    :param replace_url: An address in the place of the one that is shown; False for none.
    :param redirect: Load another page.
    :param location: Go to another page without loading it anew: its address, or what ``HX-Location`` takes.
    :param refresh: Load this page anew.
    :param retarget: The selector of the element that gets the answer.
    :param reswap: How it gets it, as in ``hx-swap``.
    :param reselect: The selector of what is taken of the answer.
    :raises ValueError: with a redirect (3xx), which a browser follows before htmx sees any of this, and for an address
        that must not be gone to.
    """
    response = make_response(rv)
    told = {
        "HX-Trigger": _events(trigger),
        "HX-Trigger-After-Swap": _events(trigger_after_swap),
        "HX-Trigger-After-Settle": _events(trigger_after_settle),
        "HX-Push-Url": _address_or_flag(push_url),
        "HX-Replace-Url": _address_or_flag(replace_url),
        "HX-Redirect": None if redirect is None else _address(redirect),
        "HX-Location": _location(location),
        "HX-Refresh": None if refresh is None else _flag(refresh),
        "HX-Retarget": retarget,
        "HX-Reswap": reswap,
        "HX-Reselect": reselect,
    }
    told = {name: value for name, value in told.items() if value is not None}
    if told and 300 <= response.status_code < 400:
        raise ValueError(
            f"htmx never sees {', '.join(told)} of an answer with status {response.status_code}: the browser follows"
            " the redirect by itself, and htmx is given the page that it leads to. Answer with 200 or 204, or use"
            " hx_redirect()."
        )
    for name, value in told.items():
        response.headers[name] = value
    return response


def hx_redirect(url: str) -> Response:
    """Send the browser to another page: by ``HX-Redirect`` (204) where htmx asks, else by a redirect (303).

    A plain redirect is followed by the browser for htmx, which puts the other page into a part of this one.

    :raises ValueError: for an address that must not be gone to.
    """
    if HtmxDetails(current_environ()):
        response: Response = current_app.response_class(status=204)
        response.headers["HX-Redirect"] = _address(url)
        return response
    return redirect(url, 303)


def _events(events: Events | None) -> str | None:
    """Events as htmx reads them: names between commas, or JSON."""
    if events is None:
        return None
    if not isinstance(events, Mapping):
        names = [events] if isinstance(events, str) else list(events)
        if all(_plain_name.fullmatch(name) for name in names):
            return ", ".join(names)
        events = dict.fromkeys(names)
    return _json(events)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=False)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _address_or_flag(value: str | bool | None) -> str | None:
    if value is None:
        return None
    return _flag(value) if isinstance(value, bool) else _address(value)


def _location(value: str | Mapping[str, Any] | None) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else _address(value)
    return _json({**value, "path": _address(value["path"])})


def _address(url: str) -> str:
    """An address in ASCII.

    :raises ValueError: as ``redirect`` does, for one that is none or is code.
    """
    return iri_to_uri(_redirect(url).headers["Location"])


# The parameter of hx() has its name.
_redirect: Callable[[str], Response] = redirect
