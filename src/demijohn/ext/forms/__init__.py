"""Forms: Flask-WTF's interface on WTForms, with validators that may be async, and a template that renders them.

    from demijohn.ext.forms import FlaskForm
    from wtforms import StringField
    from wtforms.validators import DataRequired, ValidationError

    class SignUp(FlaskForm):
        name = StringField("Name", [DataRequired()])

        async def validate_name(self, field):               # or: def
            if await taken(field.data):
                raise ValidationError("Taken.")

    @app.route("/join", methods=["GET", "POST"])
    async def join():                                       # in def: if form.validate_on_submit():
        form = SignUp()
        if await form.validate_on_submit_async():
            return redirect(url_for("welcome"))
        return render_template("join.html", form=form)

    {# join.html #}
    {% from "demijohn/forms.html" import render_form %}{{ render_form(form, submit="Join") }}

Each form is protected against requests that pages of other sites make (CSRF); ``CSRFProtect(app)`` protects every
view. Where the data goes is the application's.
"""

from __future__ import annotations

from pathlib import Path

from demijohn.extend import add_templates, needs

with needs("forms"):
    from demijohn.ext.forms.csrf import CSRFError, CSRFProtect, csrf_meta_tag, generate_csrf, validate_csrf
    from demijohn.ext.forms.file import (
        FileAllowed, FileField, FileRequired, FileSize, MultipleFileField,
    )  # fmt: skip
    from demijohn.ext.forms.form import FlaskForm, Form
    from demijohn.ext.forms.recaptcha import Recaptcha, RecaptchaField, RecaptchaWidget

__all__ = [
    "CSRFError", "CSRFProtect", "FileAllowed", "FileField", "FileRequired", "FileSize", "FlaskForm", "Form",
    "MultipleFileField", "Recaptcha", "RecaptchaField", "RecaptchaWidget", "__version__", "csrf_meta_tag",
    "generate_csrf", "validate_csrf",
]  # fmt: skip

#: The release of Flask-WTF whose interface this is.
__version__ = "1.3.0"

add_templates("demijohn.ext.forms", Path(__file__).with_name("templates"))
