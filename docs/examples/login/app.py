import click
from sqlalchemy.orm import Mapped, mapped_column

from demijohn import Flask, abort, redirect, request, url_for
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.login import (
    LoginManager,
    PasswordHasher,
    UserMixin,
    login_required,
    login_user,
    logout_user,
    redirect_to_next,
)

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///login.db"
app.secret_key = "a long random text that only this application knows"
db = SQLAlchemy(app)
passwords = PasswordHasher()


class User(UserMixin, db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(db.String(50), unique=True)
    password: Mapped[str] = mapped_column(db.String(200))


login = LoginManager[User](app)  # or LoginManager[User](), and login.init_app(app) later
login.login_view = "sign_in"  # where who has to log in is sent; without it the answer is 401


@login.user_loader
def find_user(user_id: str) -> User | None:
    return db.session.get(User, int(user_id))


FORM = """
<!doctype html>
<form method="post">
  <input name="name" placeholder="name" required>
  <input name="password" type="password" placeholder="password" required>
  <label><input name="remember" type="checkbox"> remember me</label>
  <button>Sign in</button>
</form>
"""


@app.route("/sign-in", methods=["GET", "POST"])
def sign_in():
    if request.method == "GET":
        return FORM
    user = db.session.scalar(db.select(User).filter_by(name=request.form["name"]))
    if not passwords.verify(user.password if user else None, request.form["password"]):
        abort(403)
    login_user(user, remember="remember" in request.form)
    return redirect_to_next(url_for("cellar"))


@app.post("/sign-out")
def sign_out():
    logout_user()
    return redirect(url_for("sign_in"))


@app.get("/cellar")
@login_required
def cellar():
    return {"the cellar of": login.current_user.name}


@app.cli.command("add-user")
@click.argument("name")
@click.password_option()
def add_user(name: str, password: str) -> None:
    """Make the table, and somebody who can sign in."""
    db.create_all()
    with db.transaction() as session:
        session.add(User(name=name, password=passwords.hash(password)))
