"""Hello, with nothing around it."""

from demijohn import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello"
