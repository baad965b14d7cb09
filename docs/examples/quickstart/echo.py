from demijohn import Flask, websocket

app = Flask(__name__)


@app.websocket("/echo")
async def echo():
    while True:
        message = await websocket.receive()
        await websocket.send(f"you said: {message}")
