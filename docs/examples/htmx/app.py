from demijohn import Flask, redirect, render_block, render_template, request, url_for
from demijohn.ext.ajax import Htmx, hx, hx_redirect

app = Flask(__name__)
Htmx(app)
bottles = ["Rioja", "Barolo"]


@app.get("/")
def index():
    return redirect(url_for("cellar"))


@app.get("/cellar")
def cellar():
    found = [name for name in bottles if request.args.get("q", "").lower() in name.lower()]
    if request.htmx.partial:
        return render_block("cellar.html", "rows", bottles=found)
    return render_template("cellar.html", bottles=found)


@app.post("/cellar")
def add():
    bottles.append(request.form["name"])
    rows = render_block("cellar.html", "rows", bottles=bottles)
    return hx(rows, trigger={"saved": {"name": request.form["name"]}}, push_url=url_for("cellar"))


@app.post("/empty")
def empty():
    bottles.clear()
    return hx_redirect(url_for("cellar"))
