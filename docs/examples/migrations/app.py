from demijohn import Flask
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.migrations import Migrate

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///cellar.db"
db = SQLAlchemy(app)
migrate = Migrate(app, db)


class Bottle(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    label = db.Column(db.String(80))
