from demijohn import Flask, render_template

app = Flask(__name__)


@app.get("/hello/<name>")
def hello(name: str):
    return render_template("hello.html", name=name, bottles=["Riesling", "Rioja"])
