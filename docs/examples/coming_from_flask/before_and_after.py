# from flask import Flask, jsonify, request, session, url_for
from demijohn import Flask, jsonify, request, session, url_for

app = Flask(__name__)
app.config["SECRET_KEY"] = "read this from the environment"


@app.route("/basket", methods=["GET", "POST"])
def basket():
    if request.method == "POST":
        session["bottles"] = session.get("bottles", 0) + request.form.get("bottles", 1, type=int)
    return jsonify(bottles=session.get("bottles", 0), here=url_for("basket"))
