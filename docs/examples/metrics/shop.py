from demijohn import Flask
from demijohn.ext.metrics import Metrics
from demijohn.extend import add_gauge

app = Flask(__name__)
app.config["METRICS_ALLOW"] = ["127.0.0.0/8", "10.1.0.0/16"]
Metrics(app)

stock = {"red": 3, "white": 2}
add_gauge(app, "shop_bottles", "Bottles in stock.", lambda: {(("colour", c),): n for c, n in stock.items()})


@app.get("/bottles/<int:id>")
def bottle(id):
    return f"bottle {id}"
