import threading
from functools import wraps

from demijohn import Flask, abort, request

app = Flask(__name__)


def with_key(view):
    @wraps(view)
    def guarded(**values):
        if request.args.get("key") != "open sesame":
            abort(401)
        return view(**values)  # what an async view returns is awaited by the application

    return guarded


@app.get("/sync")
@with_key
def sync_view():
    return {"on": threading.current_thread().name}


@app.get("/async")
@with_key
async def async_view():
    return {"on": threading.current_thread().name}
