from demijohn import Flask, render_template, render_template_string

app = Flask(__name__)


@app.context_processor
def house():
    return {"house": "Cellar & Sons"}


@app.template_filter()
def shout(text):
    return text.upper() + "!"


@app.get("/rack/<name>")
async def rack(name):
    return render_template("rack.html", name=name, bottles=["port", "<rum>"])


@app.get("/letter/<name>")
def letter(name):
    return render_template("letter.txt", name=name), {"Content-Type": "text/plain; charset=utf-8"}


@app.get("/line/<name>")
def line(name):
    return render_template_string("Hello {{ name }}", name=name)
