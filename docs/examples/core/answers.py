from demijohn import Flask, abort, make_response, redirect, request, safe_redirect, url_for

app = Flask(__name__)


@app.get("/text")
def text():
    return "Hello", 200, {"X-Rack": "7"}


@app.post("/bottles")
def add():
    return {"id": 3}, 201, {"Location": url_for("bottle", id=3)}


@app.get("/bottles/<int:id>")
def bottle(id):
    if id > 100:
        abort(404, "There are a hundred bottles.")
    return {"id": id}


@app.get("/old")
def old():
    return redirect(url_for("text"), 308)


@app.post("/login")
def login():
    response = safe_redirect(request.form.get("next"), fallback=url_for("text"))
    response.set_cookie("theme", "dark", max_age=3600, secure=True, httponly=True, samesite="Lax")
    return response


@app.get("/cached")
def cached():
    response = make_response("the same for an hour")
    response.cache_control.max_age = 3600
    response.add_etag()
    return response.make_conditional(request)
