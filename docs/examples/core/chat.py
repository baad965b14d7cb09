from demijohn import Flask, session, websocket

app = Flask(__name__)
app.config["SECRET_KEY"] = "read this from the environment"


@app.websocket("/chat/<room>")
async def chat(room):
    if "chat.v1" not in websocket.requested_subprotocols:
        return "speak chat.v1", 400  # refuses: the handshake is not complete yet
    session["room"] = room  # its cookie goes out with the handshake
    await websocket.accept(subprotocol="chat.v1")
    while True:
        message = await websocket.receive_json()
        if message.get("bye"):
            await websocket.close(4000, "bye")
            return None
        await websocket.send_json(room=room, said=message["text"])
