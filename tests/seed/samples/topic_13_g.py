"""Topic 13: g holds what belongs to one request, the session what belongs to one visitor."""

# --- what the sample takes as given ---
from demijohn import Flask, session

app = Flask(__name__)
app.secret_key = "a secret that only this sample uses"

# --- the sample ---
from demijohn import g  # noqa: E402


@app.before_request
def set_user():
    g.user = "John"


@app.route("/user")
def get_user():
    return f"User: {g.user}"


# --- "g is specific to each request & not persisted across requests; session persists" ---
@app.route("/count")
def count():
    g.setdefault("visits", 0)
    g.visits += 1
    session["visits"] = session.get("visits", 0) + 1
    return {"g": g.visits, "session": session["visits"]}
