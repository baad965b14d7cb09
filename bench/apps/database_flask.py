"""Flask with Flask-SQLAlchemy."""

from __future__ import annotations

from typing import Any

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy

from bench.apps import TEMPLATES, database


def make(address: str, protocol: str) -> Any:
    """The WSGI application."""
    app = Flask(__name__, template_folder=TEMPLATES)
    app.config["SQLALCHEMY_DATABASE_URI"] = address
    db = SQLAlchemy(app)

    class World(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        number = db.Column(db.Integer)

    class Fortune(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        message = db.Column(db.String(200))

    @app.get("/world")
    def world() -> Any:
        row = db.session.get(World, database.random_id())
        return {"id": row.id, "number": row.number}

    @app.get("/fortunes")
    def fortunes() -> str:
        rows = [(row.id, row.message) for row in db.session.scalars(db.select(Fortune))]
        return render_template("fortunes.html", rows=database.completed(rows))

    return app
