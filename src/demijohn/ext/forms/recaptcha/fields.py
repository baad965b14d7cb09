"""The field, of version 2 (a box to tick) or 3 (a score, nothing to see).

::

    captcha = RecaptchaField()
    captcha = RecaptchaField(version=3, action="sign_up", min_score=0.7)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wtforms.fields import Field

from demijohn.ext.forms.recaptcha.validators import Recaptcha
from demijohn.ext.forms.recaptcha.widgets import RecaptchaWidget

__all__ = ["RecaptchaField"]


class RecaptchaField(Field):
    """Shows that a person sends the form. It is not asked for in tests, nor with ``RECAPTCHA_ENABLED = False``.

    :param label: The label.
    :param validators: :class:`Recaptcha` by default.
    :param nonce: For pages whose Content-Security-Policy wants one: the nonce, or what returns it.
    :param version: 2 or 3; ``RECAPTCHA_VERSION`` by default, else 2.
    :param action: What the visitor does, of letters, digits, slashes and underscores (version 3).
    :param min_score: The least that passes, from 0 (a program) to 1 (version 3); ``RECAPTCHA_MIN_SCORE`` by
        default, else 0.5.
    """

    widget = RecaptchaWidget()

    #: The code of what was wrong, for widgets that show it.
    recaptcha_error: str | None = None

    def __init__(
        self,
        label: str = "",
        validators: Any = None,
        nonce: str | Callable[[], str] | None = None,
        version: int | None = None,
        action: str = "submit",
        min_score: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.nonce = nonce
        self.version = version
        self.action = action
        self.min_score = min_score
        super().__init__(label, validators or [Recaptcha()], **kwargs)
