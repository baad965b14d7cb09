"""Topic 11: a form with a name and a button; an empty name is not taken."""

# --- the sample ---
from wtforms import StringField, SubmitField
from wtforms.validators import DataRequired

from demijohn.ext.forms import FlaskForm


class NameForm(FlaskForm):
    name = StringField("Name", validators=[DataRequired()])
    submit = SubmitField("Submit")


# --- what shows it ---
from demijohn import Flask, render_template_string  # noqa: E402

app = Flask(__name__)
app.config["SECRET_KEY"] = "your-secret-key"

PAGE = """<form method="post">{{ form.hidden_tag() }}{{ form.name.label }} {{ form.name() }}
{% for error in form.name.errors %}<b>{{ error }}</b>{% endfor %}{{ form.submit() }}</form>"""


@app.route("/", methods=["GET", "POST"])
def index():
    form = NameForm()
    if form.validate_on_submit():
        return f"Hello, {form.name.data}!"
    return render_template_string(PAGE, form=form)
