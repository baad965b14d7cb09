"""Topic 27: a model and a page that lists its rows."""

# --- the sample ---
from demijohn import Flask
from demijohn.ext.database import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///topic.db"
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True, nullable=False)
    email = db.Column(db.String(120), unique=True, nullable=False)


@app.route("/users")
def get_users():
    users = User.query.all()
    return str(users)


# --- "Query Building: filter, sort, join & aggregate data" ---
@app.route("/found")
def found():
    named = User.query.filter(User.username != "Bob").order_by(User.username.desc())
    count = db.session.scalar(db.select(db.func.count(User.id)))
    return {"names": [user.username for user in named], "count": count}
