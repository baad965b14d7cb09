"""Uses that a type checker must refuse; each such line says so."""

from __future__ import annotations

from demijohn import Flask, Response, jsonify, make_response, redirect, request, url_for

app = Flask(__name__)


@app.get("/")
def index() -> Response:
    length: int = request.path  # wrong
    number: int = url_for("index")  # wrong
    text: str = jsonify(a=1)  # wrong
    again: str = make_response("text")  # wrong
    field: str = request.args.get("field")  # wrong
    redirect(303)  # wrong
    print(length, number, text, again, field)
    return "text"  # wrong
