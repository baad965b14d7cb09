"""demijohn with ext.database: sync views, and async ones over the same models."""

from __future__ import annotations

from typing import Any

from bench.apps import TEMPLATES, database
from demijohn import Flask, render_template
from demijohn.ext.database import SQLAlchemy


def make(address: str, protocol: str) -> Any:
    """The application, with the views of the protocol."""
    app = Flask(__name__, template_folder=TEMPLATES)
    app.config["SQLALCHEMY_DATABASE_URI"] = address
    db = SQLAlchemy(app)

    class World(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        number = db.Column(db.Integer)

    class Fortune(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        message = db.Column(db.String(200))

    if protocol == "wsgi":

        @app.get("/world")
        def world() -> Any:
            row = db.session.get(World, database.random_id())
            return {"id": row.id, "number": row.number}

        @app.get("/fortunes")
        def fortunes() -> str:
            rows = [(row.id, row.message) for row in db.session.scalars(db.select(Fortune))]
            return render_template("fortunes.html", rows=database.completed(rows))

    else:

        @app.get("/world")
        async def async_world() -> Any:
            row = await db.async_session.get(World, database.random_id())
            return {"id": row.id, "number": row.number}

        @app.get("/fortunes")
        async def async_fortunes() -> str:
            rows = [(row.id, row.message) for row in await db.async_session.scalars(db.select(Fortune))]
            return render_template("fortunes.html", rows=database.completed(rows))

    return app
