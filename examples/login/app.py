"""Accounts with passwords: sign up, sign in, stay signed in, change the password. Run: demijohn run"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from demijohn import Flask, Response, current_app, flash, g, redirect, render_template, request, url_for
from demijohn.ext.login import (
    LoginManager,
    PasswordHasher,
    UserMixin,
    fresh_login_required,
    login_required,
    login_user,
    logout_user,
    redirect_to_next,
)

Page = str | Response

passwords = PasswordHasher()


@dataclass(eq=False)
class User(UserMixin):
    id: int
    name: str
    password: str


login = LoginManager[User]()
login.login_view = login.refresh_view = "sign_in"


def database() -> sqlite3.Connection:
    """The database of this request, made when it is new."""
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"])
        g.database.execute(
            "CREATE TABLE IF NOT EXISTS user (id INTEGER PRIMARY KEY, name TEXT UNIQUE, password TEXT)"
        )
    connection: sqlite3.Connection = g.database
    return connection


def close_database(error: BaseException | None) -> None:
    if "database" in g:
        g.database.close()


def one_user(condition: str, value: object) -> User | None:
    row = database().execute(f"SELECT id, name, password FROM user WHERE {condition}", [value]).fetchone()
    return None if row is None else User(*row)


@login.user_loader
def find_user(user_id: str) -> User | None:
    return one_user("id = ?", user_id)


def index() -> str:
    return render_template("index.html")


def sign_up() -> Page:
    if request.method == "GET":
        return render_template("form.html", title="Sign up")
    name, password = request.form["name"], request.form["password"]
    try:
        with database() as connection:
            connection.execute(
                "INSERT INTO user (name, password) VALUES (?, ?)", [name, passwords.hash(password)]
            )
    except sqlite3.IntegrityError:
        flash("That name is taken.")
        return redirect(url_for("sign_up"))
    return redirect(url_for("sign_in"))


def sign_in() -> Page:
    if request.method == "GET":
        return render_template("form.html", title="Sign in")
    user = one_user("name = ?", request.form["name"])
    # Takes as long for a name that nobody has: nobody learns which names there are.
    stored = None if user is None else user.password
    if not passwords.verify(stored, request.form["password"]) or user is None:
        flash("No such name with this password.")
        return redirect(url_for("sign_in", next=request.args.get("next")))
    if passwords.needs_rehash(user.password):
        set_password(user, request.form["password"])
    login_user(user, remember="remember" in request.form)
    return redirect_to_next(url_for("index"))


def set_password(user: User, password: str) -> None:
    with database() as connection:
        connection.execute("UPDATE user SET password = ? WHERE id = ?", [passwords.hash(password), user.id])


@login_required
def account() -> str:
    return render_template("account.html")


@fresh_login_required
def change_password() -> Response:
    set_password(login.current_user, request.form["password"])
    flash("The password was changed.")
    return redirect(url_for("account"))


def sign_out() -> Response:
    logout_user()
    return redirect(url_for("index"))


def create_app(database_path: str | None = None) -> Flask:
    """The application; ``demijohn run`` calls it."""
    app = Flask(__name__)
    app.config["DATABASE"] = database_path or str(Path(app.instance_path) / "users.sqlite")
    Path(app.config["DATABASE"]).parent.mkdir(parents=True, exist_ok=True)
    # Set SECRET_KEY in the environment (DEMIJOHN_SECRET_KEY); else everybody is signed out by a restart.
    app.config.from_prefixed_env("DEMIJOHN")
    app.secret_key = app.secret_key or secrets.token_hex()
    login.init_app(app)
    app.teardown_appcontext(close_database)
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/sign-up", view_func=sign_up, methods=["GET", "POST"])
    app.add_url_rule("/sign-in", view_func=sign_in, methods=["GET", "POST"])
    app.add_url_rule("/account", view_func=account)
    app.add_url_rule("/account/password", view_func=change_password, methods=["POST"])
    app.add_url_rule("/sign-out", view_func=sign_out, methods=["POST"])
    return app
