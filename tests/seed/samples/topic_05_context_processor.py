# ruff: noqa: C408
"""Topic 5: a context processor makes `user` available in every template."""

# --- what the sample takes as given ---
from demijohn import Flask, g, render_template_string, request

app = Flask(__name__)


@app.before_request
def find_user():
    g.user = request.args.get("as", "nobody")


@app.route("/")
def home():
    return render_template_string("Hello {{ user }}")


# --- the sample ---
@app.context_processor
def inject_user():
    return dict(user=g.user)
