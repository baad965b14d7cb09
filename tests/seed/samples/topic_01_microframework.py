"""Topics 1 and 6: a micro-framework, so this is a whole application and nothing else need be installed."""

# --- the sample ---
from demijohn import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    return "A whole application"
