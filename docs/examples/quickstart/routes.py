from demijohn import Flask, url_for

app = Flask(__name__)


@app.get("/")
def index():
    return {"first": url_for("bottle", bottle_id=1), "search": url_for("search", words="red wine")}


@app.get("/bottles/<int:bottle_id>")
def bottle(bottle_id: int):
    return f"Bottle number {bottle_id}"


@app.get("/search/<words>")
def search(words: str):
    return f"Looking for {words}"


@app.get("/files/<path:name>")
def file(name: str):
    return f"The file {name}"
