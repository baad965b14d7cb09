import sqlite3

from demijohn import Flask, current_app

app = Flask(__name__)
app.extensions["log"] = []


@app.before_serving
def open_store():
    app.extensions["store"] = sqlite3.connect(":memory:", check_same_thread=False)


@app.while_serving
async def client():
    app.extensions["log"].append(f"{current_app.name} serves")
    yield
    app.extensions["log"].append("no more requests")


@app.after_serving
def close_store():
    app.extensions["store"].close()
    app.extensions["log"].append("store closed")


@app.get("/alive", blocking=False)
def alive():
    return "alive"  # this process answers


@app.get("/ready")
def ready():
    if app.lifecycle.stopping:
        return "stopping", 503
    app.extensions["store"].execute("SELECT 1")
    return "ready"
