"""Asking the service whether what a page got from it is good."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import urlencode

from wtforms import ValidationError

from demijohn import current_app, request
from demijohn.ext.forms.recaptcha import http

__all__ = ["Recaptcha", "http"]

logger = logging.getLogger(__name__)

VERIFY_SERVER = "https://www.google.com/recaptcha/api/siteverify"

#: What the service calls the mistakes of who asks.
ERROR_CODES = {
    "missing-input-secret": "The secret parameter is missing.",
    "invalid-input-secret": "The secret parameter is invalid or malformed.",
    "missing-input-response": "The response parameter is missing.",
    "invalid-input-response": "The response parameter is invalid or malformed.",
}


class Recaptcha:
    """That the service has found a person. A service that cannot be asked refuses everybody, and is logged.

    :param message: What to say otherwise.
    """

    #: It waits for the service.
    blocking = True

    def __init__(self, message: str | None = None) -> None:
        self.message = ERROR_CODES["missing-input-response"] if message is None else message

    def __call__(self, form: Any, field: Any) -> None:
        """Look at a field.

        :raises ValidationError: when it is not so.
        """
        if current_app.testing or not current_app.config.get("RECAPTCHA_ENABLED", True):
            return
        sent: Any = request.json if request.is_json else request.form
        response = sent.get("g-recaptcha-response", "") if hasattr(sent, "get") else ""
        if not response:
            raise ValidationError(field.gettext(self.message))
        found = self._ask(str(response), request.remote_addr)
        if not self._passes(found, field):
            field.recaptcha_error = "incorrect-captcha-sol"
            raise ValidationError(field.gettext(self.message))

    def _ask(self, response: str, remote_addr: str | None) -> dict[str, Any]:
        """What the service says; nothing when it cannot be asked."""
        try:
            key = current_app.config["RECAPTCHA_PRIVATE_KEY"]
        except KeyError:
            raise RuntimeError("No RECAPTCHA_PRIVATE_KEY config set") from None
        server = current_app.config.get("RECAPTCHA_VERIFY_SERVER") or VERIFY_SERVER
        data = urlencode({"secret": key, "remoteip": remote_addr or "", "response": response})
        try:
            answer = http.urlopen(server, data.encode("utf-8"))
            found = json.loads(answer.read()) if answer.code == 200 else {}
        except (OSError, ValueError) as e:
            logger.warning("%s could not be asked whether a form comes from a person: %s", server, e)
            return {}
        return found if isinstance(found, dict) else {}

    def _passes(self, found: dict[str, Any], field: Any) -> bool:
        if not found.get("success"):
            for code in found.get("error-codes", ()):
                if code in ERROR_CODES:
                    raise ValidationError(field.gettext(ERROR_CODES[code]))
            return False
        if version_of(field) == 2:
            return True
        least = getattr(field, "min_score", None)
        if least is None:
            least = current_app.config.get("RECAPTCHA_MIN_SCORE", 0.5)
        return bool(found.get("action") == field.action and float(found.get("score", 0)) >= least)


def version_of(field: Any) -> int:
    """Which version of the protocol a field speaks."""
    version: int | None = getattr(field, "version", None)
    return version or current_app.config.get("RECAPTCHA_VERSION") or 2
