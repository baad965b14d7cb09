"""Topic 7: decorators for the HTTP methods, and several methods in one list."""

# --- what the sample takes as given ---
from demijohn import Flask, request

app = Flask(__name__)


# --- the sample, with the rule and the functions that the list of decorators leaves out ---
@app.route("/", methods=["GET"])
def read():
    return "GET"


@app.route("/", methods=["POST"])
def create():
    return "POST"


@app.route("/", methods=["PUT"])
def replace():
    return "PUT"


@app.route("/", methods=["DELETE"])
def remove():
    return "DELETE"


@app.route("/", methods=["PATCH"])
def change():
    return "PATCH"


# --- "You can specify multiple methods in the list" ---
@app.route("/several", methods=["GET", "POST"])
def several():
    return f"several: {request.method}"


# --- and the short forms ---
@app.put("/short")
def short():
    return "short PUT"
