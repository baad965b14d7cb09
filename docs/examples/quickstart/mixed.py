import asyncio
import time

from demijohn import Flask, g

app = Flask(__name__)


@app.before_request
def start_clock():
    g.start = time.perf_counter()


@app.after_request
async def tell_time(response):
    response.headers["Server-Timing"] = f"app;dur={(time.perf_counter() - g.start) * 1000:.0f}"
    return response


@app.get("/blocking")
def blocking():
    time.sleep(0.01)
    return "slept in a thread"


@app.get("/waiting")
async def waiting():
    first, second = await asyncio.gather(asyncio.sleep(0.01, "both"), asyncio.sleep(0.01, "at once"))
    return f"{first} {second}"
