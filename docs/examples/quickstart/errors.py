from demijohn import Flask, abort

app = Flask(__name__)


class OutOfStock(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@app.errorhandler(OutOfStock)
def out_of_stock(error: OutOfStock):
    return {"error": f"no {error.name} left"}, 409


@app.errorhandler(404)
async def not_found(error):
    return {"error": "there is nothing here"}, 404


@app.get("/bottles/<name>")
def bottle(name: str):
    if name == "nectar":
        abort(404)
    raise OutOfStock(name)
