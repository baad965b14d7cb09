from demijohn import Blueprint, Flask, render_template

labels = Blueprint("labels", __name__, static_folder="static/img", static_url_path="/labels")

app = Flask(__name__)
app.register_blueprint(labels)


@app.get("/")
def index():
    return render_template("index.html")
