"""Topic 3: routes map URLs to view functions."""

# --- what the sample takes as given ---
from demijohn import Flask

app = Flask(__name__)


# --- the sample ---
@app.route("/")
def home():
    return "Welcome to the homepage!"


@app.route("/about")
def about():
    return "This is the about page."
