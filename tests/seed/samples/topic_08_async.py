"""Topic 8: an asynchronous application.

The printed sample is one for Flask-SocketIO, which comes with the room for real-time messages; it is not
run here. What the topic asks, how to make an application asynchronous, is answered by `async def`.
"""

import asyncio

from demijohn import Flask, g, request

app = Flask(__name__)


@app.before_request
async def prepare():
    await asyncio.sleep(0)
    g.prepared = request.path


@app.route("/")
async def home():
    await asyncio.sleep(0.01)
    return f"awaited {g.prepared}"


@app.route("/both")
async def both():
    first, second = await asyncio.gather(asyncio.sleep(0.01, "one"), asyncio.sleep(0.01, "two"))
    return [first, second]


@app.route("/plain")
def plain():
    return f"not awaited {g.prepared}"


@app.after_request
async def stamp(response):
    response.headers["X-Seen"] = g.prepared
    return response
