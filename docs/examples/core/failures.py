from werkzeug.exceptions import HTTPException

from demijohn import Blueprint, Flask, abort

app = Flask(__name__)
api = Blueprint("api", __name__, url_prefix="/api")


class OutOfStock(Exception):
    def __init__(self, name):
        self.name = name


@app.errorhandler(OutOfStock)
async def out_of_stock(error):
    return {"error": f"no {error.name} left"}, 409


@app.errorhandler(404)
def not_found(error):
    return f"<h1>Not here</h1><p>{error.description}", 404


@api.errorhandler(HTTPException)
def as_json(error):
    return {"error": error.name}, error.code


@app.errorhandler(500)
def broken(error):
    return f"broken: {type(error.original_exception).__name__}", 500


@app.get("/bottles/<name>")
def bottle(name):
    if name == "nectar":
        abort(404, "Nobody makes nectar.")
    raise OutOfStock(name)


@app.get("/boom")
def boom():
    raise ZeroDivisionError


@api.get("/closed")
def closed():
    abort(403)


app.register_blueprint(api)
