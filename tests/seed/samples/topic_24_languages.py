"""Topic 24: a text that is marked, collected, translated and shown in the visitor's language."""

# --- the sample ---
from demijohn import Flask
from demijohn.ext.i18n import Babel

app = Flask(__name__)
babel = Babel(app)


@babel.localeselector
def get_locale():
    return "en"  # or any other logic to determine the locale


from demijohn.ext.i18n import gettext  # noqa: E402


@app.route("/")
def index():
    message = gettext("Welcome to my app!")
    return message  # noqa: RET504


# --- what shows it ---
from demijohn import render_template_string, request  # noqa: E402


@babel.localeselector
def chosen_locale():
    return request.args.get("lang", "en")


@app.route("/template")
def template():
    return render_template_string("<h1>{{ _('Welcome to my app!') }}</h1>")
