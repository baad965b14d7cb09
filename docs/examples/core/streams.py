import asyncio
import time

from demijohn import (
    Flask,
    ServerSentEvent,
    event_stream,
    request,
    stream_template_string,
    stream_with_context,
)

app = Flask(__name__)
app.extensions["closed"] = []


@app.get("/numbers.csv")
def numbers():
    def rows():
        for number in range(3):
            yield f"{number},{number**2}\n"

    return rows(), {"Content-Type": "text/csv; charset=utf-8"}


@app.get("/later.csv")
async def later():
    async def rows():
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{number},{number**2}\n"

    return rows(), {"Content-Type": "text/csv; charset=utf-8"}


@app.get("/page")
def page():
    return stream_template_string("{% for n in range(3) %}<li>{{ n }}{% endfor %}")


@app.get("/clock")
async def clock():
    async def ticks():
        number = int(request.headers.get("Last-Event-ID", 0))
        try:
            while True:
                number += 1
                yield ServerSentEvent(str(number), event="tick", id=number)
                await asyncio.sleep(0.01)
        finally:
            app.extensions["closed"].append("clock")  # runs when the client goes

    return event_stream(ticks())


@app.get("/held")
def held():
    def parts():
        for _ in range(2):
            time.sleep(0.001)
            yield request.path

    return stream_with_context(parts())  # teardown functions run after the last part
