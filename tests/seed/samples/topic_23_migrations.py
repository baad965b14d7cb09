"""Topic 23: the application whose database its commands take from revision to revision."""

# --- what the sample takes as given ---
from demijohn import Flask
from demijohn.ext.database import SQLAlchemy

# --- the sample ---
from demijohn.ext.migrations import Migrate

app = Flask(__name__)

app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///topic.db"

db = SQLAlchemy(app)

migrate = Migrate(app, db)


# --- "changes detected in your database models" ---
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))
