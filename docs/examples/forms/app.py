from wtforms import EmailField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from demijohn import Flask, flash, redirect, render_template, url_for
from demijohn.ext.forms import CSRFProtect, FileAllowed, FileField, FileSize, FlaskForm

app = Flask(__name__)
app.secret_key = "a long random text that only this application knows"
CSRFProtect(app)  # every view asks, not only those with a form

members: dict[str, str] = {}


async def taken(name: str) -> bool:
    return name in members  # await a database here


class JoinForm(FlaskForm):
    name = StringField("Name", [DataRequired(), Length(max=40)], description="As others will see it.")
    mail = EmailField("Mail", [DataRequired()])
    about = TextAreaField("About you", [Length(max=500)])
    photo = FileField("Photo", [FileAllowed(["png", "jpg"]), FileSize(2_000_000)])

    async def validate_name(self, field: StringField) -> None:
        if await taken(field.data):
            raise ValidationError("Somebody has this name already.")


@app.route("/join", methods=["GET", "POST"])
async def join():  # in a `def` view: form.validate_on_submit(), which waits for the async validator
    form = JoinForm()
    if await form.validate_on_submit_async():
        members[form.name.data] = form.photo.data.filename if form.photo.data else "no photo"
        flash(f"Welcome, {form.name.data}!")
        return redirect(url_for("index"), 303)
    return render_template("join.html", form=form), 422 if form.errors else 200


@app.get("/")
def index():
    return render_template("index.html", members=members)
