# ruff: noqa: RET503
"""Topic 19, a to c: versions of an API by URL, by the Accept header, by blueprints.

Where the sample has "# ...", something is returned. (d is in topic_19_resources.)
"""

# --- what the sample takes as given ---
from demijohn import Flask, abort, request

app = Flask(__name__)


# --- the sample: a. URL versioning ---
@app.route("/api/v1/users")
def get_users_v1():
    return ["by URL", "v1"]


@app.route("/api/v2/users")
def get_users_v2():
    return ["by URL", "v2"]


# --- the sample: b. Accept header versioning ---
@app.route("/users")
def get_users():
    version = request.headers.get("Accept", "").split("version=")[-1]
    if version == "v1":
        return ["by header", "v1"]
    elif version == "v2":
        return ["by header", "v2"]
    else:
        abort(406)


# --- the sample: c. versioned blueprints ---
from demijohn import Blueprint  # noqa: E402

v1_blueprint = Blueprint("v1", __name__, url_prefix="/v1")
v2_blueprint = Blueprint("v2", __name__, url_prefix="/v2")


@v1_blueprint.route("/users")
def get_users_v1():  # noqa: F811
    return ["by blueprint", "v1"]


@v2_blueprint.route("/users")
def get_users_v2():  # noqa: F811
    return ["by blueprint", "v2"]


app.register_blueprint(v1_blueprint)
app.register_blueprint(v2_blueprint)
