from demijohn import Flask, render_template_string

app = Flask(__name__)
PAGE = "<!doctype html><title>Cellar</title><body><h1>{{ bottles }} bottles</h1></body>"


@app.get("/")
def index():
    return render_template_string(PAGE, bottles=3)


@app.get("/total")
def total():
    prices = {"red": 12, "white": 9}
    return {"total": prices["red"] + prices["rose"]}


@app.get("/later")
async def later():
    try:
        return {"year": int("nineteen")}
    except ValueError as e:
        e.add_note("years are digits")
        raise RuntimeError("the label cannot be read") from e


@app.get("/both")
async def both():
    raise ExceptionGroup("two shelves", [ValueError("too high"), KeyError("too low")])


@app.get("/template")
def template():
    return render_template_string("<p>\n{{ wine.grape.name }}\n</p>", wine={"year": 1999})
