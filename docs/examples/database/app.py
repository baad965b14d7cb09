from sqlalchemy.orm import Mapped, mapped_column

from demijohn import Flask, request
from demijohn.ext.database import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
db = SQLAlchemy(app)  # or SQLAlchemy(), and db.init_app(app) later


class User(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(db.String(50), unique=True)


with app.app_context():
    db.create_all()  # the tables that are not there yet


@app.post("/users")
def add():
    with db.transaction() as session:
        user = User(name=request.form["name"])
        session.add(user)
    return {"id": user.id}, 201


@app.get("/users")
def users():
    return [user.name for user in db.session.scalars(db.select(User).order_by(User.name))]


@app.get("/users/<int:number>")
async def user(number):
    found = await db.async_session.get_or_404(User, number)
    return {"name": found.name}
