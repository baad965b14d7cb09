import asyncio

from demijohn import Flask, websocket

app = Flask(__name__)
app.extensions["ticks"] = 0


@app.while_serving
async def count():
    async def tick() -> None:
        while True:
            app.extensions["ticks"] += 1
            await asyncio.sleep(0.01)

    task = asyncio.create_task(tick())
    yield
    task.cancel()


@app.websocket("/ticks")
async def ticks():
    await websocket.send(f"{app.extensions['ticks']} ticks so far")
