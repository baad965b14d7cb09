"""What receivers are told of sign-ins. A response that a receiver returns is the answer to the browser."""

from __future__ import annotations

from typing import Any

from demijohn import Response, current_app
from demijohn.signals import Namespace
from werkzeug.wrappers import Response as BaseResponse

__all__ = ["oauth_authorized", "oauth_before_login", "oauth_error", "tell"]

_signals = Namespace()
#: A token was got, and is about to be stored: ``token``. A receiver that returns False keeps it from being stored.
oauth_authorized = _signals.signal("oauth-authorized")
#: A browser is about to be sent to the provider: ``url``.
oauth_before_login = _signals.signal("oauth-before-login")
#: The provider refused, or what it answered cannot be used: ``error``, ``error_description``, ``error_uri``; of OAuth
#: 1.0a ``message`` and ``response``.
oauth_error = _signals.signal("oauth-error")


def tell(signal: Any, blueprint: Any, **values: Any) -> tuple[list[Any], Any]:
    """Send a signal to receivers of both kinds, in this request.

    :returns: What each returned, and the first response among that, or None.
    """
    told = signal.send(blueprint, _async_wrapper=current_app.ensure_sync, **values)
    results = [result for _, result in told]
    kinds = (Response, BaseResponse, current_app.response_class)
    return results, next((result for result in results if isinstance(result, kinds)), None)
