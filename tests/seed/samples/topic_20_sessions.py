"""Topic 20: a session, signed with a secret key."""

# --- what the sample takes as given ---
from demijohn import Flask

app = Flask(__name__)

# --- the sample ---
from demijohn import session  # noqa: E402


@app.route("/set")
def set_session():
    session["username"] = "John"
    return "Session set"


@app.route("/get")
def get_session():
    username = session.get("username")
    return f"Username: {username}"


app.secret_key = "your-secret-key"
