"""Read by type checkers, not run: what they infer of a login manager."""

from __future__ import annotations

from typing import assert_type

from demijohn import Flask, Response
from demijohn.ext.login import LoginManager, PasswordHasher, UserMixin, login_required, redirect_to_next


class User(UserMixin):
    id: int
    name: str


app = Flask(__name__)
login = LoginManager[User](app)
plain = LoginManager(app)


@login.user_loader
async def find_user(user_id: str) -> User | None:
    return None


@app.get("/")
@login_required
def index(page: int = 1) -> str:
    assert_type(login.current_user, User)
    assert_type(login.get_user(), User | None)
    return login.current_user.name


@app.get("/async")
@login_required
async def later() -> str:
    user = await login.load_user()
    assert_type(user, User | None)
    return user.name if user else ""


@app.post("/in")
def sign_in() -> Response:
    assert_type(PasswordHasher().verify(None, "x"), bool)
    return redirect_to_next("/")


assert_type(index(page=2), str)
