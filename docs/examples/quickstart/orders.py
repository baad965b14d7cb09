from demijohn import Flask, abort, request

app = Flask(__name__)


@app.get("/search")
def search():
    words = request.args.get("words", "")
    limit = request.args.get("limit", 10, type=int)
    return {"words": words, "limit": limit}


@app.post("/orders")
def order():
    name = request.form["name"]
    bottles = request.form.get("bottles", 1, type=int)
    return {"for": name, "bottles": bottles}, 201


@app.post("/api/orders")
async def order_by_json():
    wanted = request.get_json()
    if wanted["bottles"] > 12:
        abort(422, "at most twelve bottles at once")
    return {"bottles": wanted["bottles"]}, 201, {"Location": "/orders/1"}


@app.post("/labels")
def label():
    picture = request.files["picture"]
    return {"name": picture.filename, "bytes": len(picture.read())}
