"""Topic 2: Flask(__name__) tells where templates and static files are, and the name of the application."""

# --- the sample ---
from demijohn import Flask

app = Flask(__name__)
# --- what shows it ---
from demijohn import render_template, url_for  # noqa: E402


@app.route("/")
def home():
    return render_template("named.html", name=app.name)


@app.route("/folders")
def folders():
    return {
        "root": app.root_path,
        "static": app.static_folder,
        "style": url_for("static", filename="style.css"),
    }
