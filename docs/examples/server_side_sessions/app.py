import os

from demijohn import Flask, session
from demijohn.sessions.server_side import Session

app = Flask(__name__)
app.config["SESSION_TYPE"] = "redis"
app.config["SESSION_REDIS"] = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
Session(app)


@app.get("/")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"]}


@app.post("/rights")
def gain_rights():
    session.regenerate()  # a new identifier; the old one is dead
    session["may"] = "everything"
    return ""
