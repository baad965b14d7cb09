import threading
from collections import Counter

from demijohn import Flask, g, request

app = Flask(__name__)
visits: Counter[str] = Counter()  # shared by all requests of this process
lock = threading.Lock()


@app.before_request
def note():
    g.path = request.path  # belongs to this request alone


@app.get("/count/<name>")
def count(name):
    with lock:  # read, change, write: one thread at a time
        visits[name] += 1
        return {"path": g.path, "visits": visits[name]}
