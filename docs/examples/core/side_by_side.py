import asyncio
import threading
import time

from demijohn import Flask, g

app = Flask(__name__)


@app.before_request
def look_up():
    g.reader = "Ada"


@app.get("/blocking")
def blocking():
    time.sleep(0.01)  # a database driver, a file, a library that blocks
    return {"for": g.reader, "on": threading.current_thread().name}


@app.get("/waiting")
async def waiting():
    await asyncio.sleep(0.01)  # an asynchronous driver or client
    return {"for": g.reader, "on": threading.current_thread().name}


@app.get("/quick", blocking=False)
def quick():
    return {"on": threading.current_thread().name}  # computes little, waits for nothing
