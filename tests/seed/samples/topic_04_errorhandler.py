"""Topic 4: an error handler for 404."""

# --- what the sample takes as given ---
from demijohn import Flask, abort

app = Flask(__name__)


@app.route("/")
def home():
    return "here"


@app.route("/gone-on-purpose")
def gone_on_purpose():
    abort(404)


# --- the sample ---
@app.errorhandler(404)
def page_not_found(error):
    return "This page does not exist", 404


# --- "various error codes like 500, 403, etc." ---
@app.errorhandler(500)
def broken(error):
    return "Something broke", 500


@app.errorhandler(403)
def forbidden(error):
    return "Not for you", 403


@app.route("/broken")
def fail():
    raise RuntimeError("on purpose")


@app.route("/forbidden")
def refuse():
    abort(403)
