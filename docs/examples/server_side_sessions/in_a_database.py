from demijohn import Flask, session
from demijohn.ext.database import SQLAlchemy
from demijohn.sessions.server_side import Session

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
db = SQLAlchemy(app)
app.config["SESSION_TYPE"] = "sqlalchemy"
app.config["SESSION_SQLALCHEMY"] = db
Session(app)

with app.app_context():
    db.create_all()


@app.get("/")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"]}
