"""Topic 29: request, session and g are each thread's own; what is shared is guarded by a lock."""

import threading
import time

from demijohn import Flask, g, request, session

app = Flask(__name__)
app.secret_key = "a secret that only this sample uses"
lock = threading.Lock()
total = 0


@app.before_request
def remember():
    g.number = request.args["number"]


@app.route("/")
def index():
    global total
    session["number"] = request.args["number"]
    with lock:
        before = total
        time.sleep(0.001)  # another thread would come in between here
        total = before + 1
    return {"request": request.args["number"], "g": g.number, "session": session["number"]}


@app.route("/total")
def show_total():
    return str(total)
