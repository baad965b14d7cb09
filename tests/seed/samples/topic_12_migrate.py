"""Topics 10 and 12: a migration script is written and applied to the database."""

# --- what the sample takes as given ---
from demijohn import Flask
from demijohn.ext.database import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///topic.db"
db = SQLAlchemy(app)


class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))


# --- the sample ---
from demijohn.ext.migrations import Migrate  # noqa: E402

migrate = Migrate(app, db)
