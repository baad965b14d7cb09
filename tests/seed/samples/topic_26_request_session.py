"""Topic 26: what the client sent, and who the client is."""

# --- what the sample takes as given ---
from demijohn import Flask, redirect, request, session, url_for

app = Flask(__name__)
app.secret_key = "a secret that only this sample uses"
PEOPLE = {"ada": "lovelace"}
received = []


# --- the sample: the request, its processing being that it is kept ---
@app.route("/submit", methods=["POST"])
def submit():
    name = request.form.get("name")
    email = request.form.get("email")
    received.append((name, email))
    return {"name": name, "email": email}


# --- the sample: the session, authenticated by comparing with what is known ---
@app.route("/login", methods=["POST"])
def login():
    username = request.form.get("username")
    password = request.form.get("password")
    # Perform authentication
    authenticated = PEOPLE.get(username) == password
    if authenticated:
        session["username"] = username
        return redirect(url_for("dashboard"))
    return "Wrong name or password", 401


@app.route("/dashboard")
def dashboard():
    username = session.get("username")
    if username:
        return f"Welcome, {username}!"
    else:
        return redirect(url_for("login"))
