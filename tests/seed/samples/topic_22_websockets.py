from demijohn import Flask
from demijohn.ext.realtime import SocketIO, emit

app = Flask(__name__)
socketio = SocketIO(app)


@app.route("/")
def index():
    return """<!doctype html><title>chat</title>
<script src="/static/socket.io.js"></script>
<script src="/static/topic_22.js"></script>"""


@socketio.on("connect")
def handle_connect():
    emit("response", {"data": "Connected"})


@socketio.on("message")
def handle_message(message):
    emit("response", {"data": message})


if __name__ == "__main__":
    socketio.run(app, port=0)
