from demijohn import Blueprint, flash, redirect, render_template, request, url_for

from .store import connection

blueprint = Blueprint("book", __name__)


@blueprint.get("/")
def entries():
    rows = connection().execute("SELECT author, body FROM entry ORDER BY id DESC LIMIT 50")
    return render_template("book.html", entries=rows.fetchall())


@blueprint.post("/")
def sign():
    author = request.form.get("author", "").strip()
    body = request.form.get("body", "").strip()
    if not author or not body:
        flash("Please give your name and a line of text.")
    else:
        with connection() as opened:
            opened.execute("INSERT INTO entry (author, body) VALUES (?, ?)", (author, body))
        flash("Thank you!")
    return redirect(url_for(".entries"))
