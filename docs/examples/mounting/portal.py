from old_shop import app as old_shop
from others import count, metrics

from demijohn import Flask, url_for

app = Flask(__name__)
app.mount("/old", old_shop, name="old")
app.mount("/metrics", metrics, name="metrics", interface="wsgi")
app.mount("/count", count, name="count")


@app.get("/")
def index():
    return {
        "bottle": url_for("old:bottle", id=3),
        "picture": url_for("old:/assets/label.svg"),
        "metrics": url_for("metrics:/"),
    }
