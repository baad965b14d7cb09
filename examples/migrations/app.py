"""A database that changes with its models.

cd examples/migrations
demijohn db upgrade                     # makes the table, from the folder `migrations`
demijohn db migrate -m "Add a column"   # after the model was changed
"""

from __future__ import annotations

import os

from demijohn import Flask
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.migrations import Migrate

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "sqlite:///bottles.db")
db = SQLAlchemy(app)
migrate = Migrate(app, db, directory=os.path.join(os.path.dirname(__file__), "migrations"))


class Bottle(db.Model):
    """A bottle in the cellar."""

    id = db.Column(db.Integer, primary_key=True)
    label = db.Column(db.String(80), nullable=False)


@app.get("/")
def index() -> list[str]:
    """The labels of all bottles."""
    return list(db.session.scalars(db.select(Bottle.label).order_by(Bottle.label)))
