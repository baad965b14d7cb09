"""Topic 9: Jinja2 templates; the printed one is templates/hello.html."""

# --- what the sample takes as given ---
from demijohn import Flask, render_template

app = Flask(__name__)


@app.route("/")
@app.route("/<name>")
def home(name="World"):
    return render_template("hello.html", name=name)
