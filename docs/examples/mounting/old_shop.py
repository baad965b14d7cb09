from demijohn import Flask, redirect, session, url_for

app = Flask(__name__, static_folder=None)
app.secret_key = "0b8f6d1c2a7e4953b1d0f7c6a5e4d3c2"


@app.before_serving
async def open_cellar():
    app.extensions["cellar"] = "open"


@app.get("/bottles/<int:id>")
def bottle(id):
    session["last"] = id
    return {"bottle": id, "cellar": app.extensions["cellar"], "home": url_for(":index")}


@app.get("/latest")
def latest():
    return redirect(url_for("bottle", id=session.get("last", 1)))


@app.cli.command("count")
def count():
    print("3 bottles")


@app.errorhandler(404)
def missing(error):
    return "The old shop has no such page.", 404
