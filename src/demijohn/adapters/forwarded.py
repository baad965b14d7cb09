"""What trusted proxies say about a request, put into its environ before anything reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import EnvironHeaders

from demijohn.adapters.environ import FORWARDED
from demijohn.http.proxy import TrustedProxies, forwarded_origin


def make_forwarder(setting: Any) -> Callable[[Any], None]:
    """The function that applies ``TRUSTED_PROXIES`` to an environ.

    :param setting: A :class:`~demijohn.http.proxy.TrustedProxies`, the keyword arguments of one, or
        a number: that many proxies in a row set X-Forwarded-For, -Proto and -Host.
    :raises TypeError: for anything else.
    """
    if isinstance(setting, bool) or not isinstance(setting, (int, dict, TrustedProxies)):
        raise TypeError(
            f"TRUSTED_PROXIES must be a number of proxies, a dict or TrustedProxies, not {setting!r}."
        )
    if isinstance(setting, int):
        settings = TrustedProxies(x_for=setting, x_proto=setting, x_host=setting)
    else:
        settings = TrustedProxies(**setting) if isinstance(setting, dict) else setting

    def forward(environ: Any) -> None:
        if environ.get(FORWARDED) is not None:
            return  # the application that this one is mounted in has seen to it
        environ[FORWARDED] = True
        make = getattr(environ, "make_headers", None)
        headers = EnvironHeaders(environ) if make is None else make()
        origin = forwarded_origin(environ.get("REMOTE_ADDR"), headers, settings)
        if origin.client is not None:
            environ["REMOTE_ADDR"] = origin.client
        if origin.scheme is not None:
            environ["wsgi.url_scheme"] = {"ws": "http", "wss": "https"}.get(origin.scheme, origin.scheme)
        if origin.host is not None:
            environ["HTTP_HOST"] = origin.host
        if origin.port is not None:
            environ["SERVER_PORT"] = str(origin.port)
        if origin.prefix is not None:
            environ["SCRIPT_NAME"] = origin.prefix

    return forward
