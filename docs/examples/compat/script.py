from flask import Flask, Markup

app = Flask(__name__)
bottles = []


@app.before_first_request
def fill():
    bottles.append("port")


@app.route("/")
def index():
    return Markup("<b>%s</b>") % bottles[0]


print(app.test_client().get("/").get_data(as_text=True))
