"""reCAPTCHA, and services with its protocol: a field that shows that a person sends the form."""

from __future__ import annotations

from demijohn.ext.forms.recaptcha.fields import RecaptchaField
from demijohn.ext.forms.recaptcha.validators import Recaptcha
from demijohn.ext.forms.recaptcha.widgets import RecaptchaWidget

__all__ = ["Recaptcha", "RecaptchaField", "RecaptchaWidget"]
