"""What a page shows, or does without showing anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from wtforms.widgets import html_params

from demijohn import current_app
from demijohn.ext.forms.recaptcha.validators import version_of

__all__ = ["RecaptchaWidget"]

SCRIPT = "https://www.google.com/recaptcha/api.js"
DIV_CLASS = "g-recaptcha"

# Asked for when the form is sent, because what the service gives out is good for two minutes only.
_SCORE = Markup(
    '\n<script src="{script}"{nonce}></script>\n<input type="hidden" name="g-recaptcha-response" {attributes}>\n'
    "<script{nonce}>(function (field) {{\n"
    '  field.form.addEventListener("submit", function (event) {{\n'
    "    if (field.value) return;\n"
    "    event.preventDefault();\n"
    "    var form = field.form, by = event.submitter;\n"
    "    grecaptcha.ready(function () {{\n"
    "      grecaptcha.execute({key}, {{action: {action}}}).then(function (token) {{\n"
    "        field.value = token;\n"
    "        form.requestSubmit(by);\n"
    "      }});\n"
    "    }});\n"
    "  }});\n"
    "}})(document.currentScript.previousElementSibling);</script>\n"
)


class RecaptchaWidget:
    """The box to tick, or a hidden field that gets a token of the service when the form is sent."""

    def __call__(self, field: Any, error: object = None, **kwargs: Any) -> Markup:
        """The HTML.

        :raises RuntimeError: without the setting ``RECAPTCHA_PUBLIC_KEY``.
        """
        config = current_app.config
        if not config.get("RECAPTCHA_ENABLED", True):
            return Markup("<!-- recaptcha disabled -->")
        try:
            public_key = config["RECAPTCHA_PUBLIC_KEY"]
        except KeyError:
            raise RuntimeError("RECAPTCHA_PUBLIC_KEY config not set") from None
        kwargs.setdefault("id", field.id)
        if version_of(field) == 3:
            return self._score_html(public_key, field.action, field.nonce, kwargs)
        return self.recaptcha_html(public_key, nonce=field.nonce, **kwargs)

    def recaptcha_html(
        self, public_key: str, nonce: str | Callable[[], str] | None = None, **kwargs: Any
    ) -> Markup:
        """The box to tick; further arguments are attributes of it."""
        config = current_app.config
        html = config.get("RECAPTCHA_HTML")
        if html:
            return Markup(html)  # noqa: S704 (the application's own)
        kwargs.setdefault("class", config.get("RECAPTCHA_DIV_CLASS") or DIV_CLASS)
        for name, value in {**config.get("RECAPTCHA_DATA_ATTRS", {}), "sitekey": public_key}.items():
            kwargs.setdefault(f"data-{name}", value)
        return Markup('\n<script src="{}" async defer{}></script>\n<div {}></div>\n').format(
            _script(), _nonce(nonce), _attributes(kwargs)
        )

    def _score_html(
        self, public_key: str, action: str, nonce: str | Callable[[], str] | None, attributes: dict[str, Any]
    ) -> Markup:
        return _SCORE.format(
            script=_script(render=public_key),
            nonce=_nonce(nonce),
            attributes=_attributes(attributes),
            key=_literal(public_key),
            action=_literal(action),
        )


def _script(**parameters: str) -> str:
    config = current_app.config
    script: str = config.get("RECAPTCHA_SCRIPT") or SCRIPT
    parameters = {**(config.get("RECAPTCHA_PARAMETERS") or {}), **parameters}
    return f"{script}?{urlencode(parameters)}" if parameters else script


def _nonce(nonce: str | Callable[[], str] | None) -> Markup:
    policy = current_app.config.get("CSP")
    if nonce is None and (policy == "strict" or "'nonce'" in str(policy)):
        names: dict[str, Any] = current_app.jinja_env.globals
        nonce = names.get("csp_nonce")  # not there under compat
    value = nonce() if callable(nonce) else nonce
    return Markup(' nonce="{}"').format(value) if value else Markup("")


def _attributes(attributes: dict[str, Any]) -> Markup:
    return Markup(html_params(**attributes))  # noqa: S704 (escaped, but not marked so before WTForms 3.3)


def _literal(text: str) -> Markup:
    """Text as JavaScript has it, within a script element."""
    return Markup(json.dumps(text).replace("<", "\\u003c"))  # noqa: S704 (what would end the element is escaped)
