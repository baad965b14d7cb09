import asyncio

from demijohn import Flask, websocket

app = Flask(__name__)
listeners: set[asyncio.Queue[str]] = set()


async def pass_on(queue):
    while True:
        await websocket.send(await queue.get())


@app.websocket("/room")
async def room():
    queue: asyncio.Queue[str] = asyncio.Queue(maxsize=100)
    listeners.add(queue)
    await websocket.accept()
    sending = asyncio.create_task(pass_on(queue))
    try:
        while True:
            message = await websocket.receive()  # raises when the other side has gone
            for listener in listeners:
                if not listener.full():  # one slow reader must not stop the others
                    listener.put_nowait(message)
    finally:
        sending.cancel()
        listeners.discard(queue)
