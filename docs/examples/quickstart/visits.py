import os

from demijohn import Flask, flash, get_flashed_messages, redirect, session, url_for

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY") or os.urandom(32)


@app.get("/")
def index():
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"], "messages": get_flashed_messages()}


@app.post("/forget")
def forget():
    session.clear()
    flash("I have forgotten you.")
    return redirect(url_for("index"))
