import asyncio
import os

from demijohn import Broadcast, Flask, event_stream, request, websocket

app = Flask(__name__)
prices = Broadcast(os.environ.get("REDIS_URL"), history=1000)


@app.get("/")
def index():
    return app.send_static_file("index.html")


@app.post("/price/<wine>")
def set_price(wine):
    prices.publish(wine, {"wine": wine, "price": request.json})
    return "", 204


@app.get("/events")
async def events():
    subscription = prices.subscribe("rioja", "barolo", after=request.last_event_id)
    return event_stream(subscription, ping=15, retry=3000)


@app.websocket("/live")
async def live():
    async for message in prices.subscribe("rioja", "barolo"):
        await websocket.send_json(message.data)


@app.post("/answer")
async def answer():
    return event_stream(tokens(request.json["question"]), ping=15)


async def tokens(question):  # what a client of a language model gives
    for word in f"You ask {question} Ask the cellar master.".split():
        await asyncio.sleep(0.05)
        yield {"token": word}
