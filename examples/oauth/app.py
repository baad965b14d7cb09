"""An application whose visitors sign in with the provider of provider.py."""

from __future__ import annotations

import os

from demijohn import Flask, redirect, render_template_string, url_for
from demijohn.ext.login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from demijohn.ext.oauth import make_oidc_blueprint, sign_in

PAGE = """<!doctype html>
<html lang="en">
<title>The cellar</title>
{% if current_user.is_authenticated %}
<p>Hello {{ current_user.name }}, whose address is {{ current_user.email or "not verified" }}.</p>
<p><a href="{{ url_for('cellar') }}">The cellar</a></p>
<form method="post" action="{{ url_for('sign_out') }}"><button>Sign out</button></form>
{% else %}
<p><a href="{{ url_for('house.login', next=url_for('cellar')) }}">Sign in with the house</a></p>
{% endif %}
</html>
"""

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "only for this example, on this machine")
app.config.update(HOUSE_OAUTH_CLIENT_ID="cellar", HOUSE_OAUTH_CLIENT_SECRET="cellar-secret")
login = LoginManager(app)
login.login_view = "house.login"

house = make_oidc_blueprint(
    "house", issuer=os.environ.get("ISSUER", "http://127.0.0.1:5001"), redirect_to="index"
)
app.register_blueprint(house, url_prefix="/login")  # /login/house, /login/house/authorized

users: dict[str, User] = {}  # a database's place


class User(UserMixin):
    def __init__(self, who):
        self.id, self.name, self.email = who.key, who.name or who.subject, who.email


def find(who):
    """The user of an identity: who comes for the first time gets an account. None would be 403."""
    if who.key not in users:
        users[who.key] = User(who)
    return users[who.key]


login.user_loader(users.get)
sign_in(house, find, login_user)


@app.get("/")
def index():
    return render_template_string(PAGE)


@app.get("/cellar")
@login_required
async def cellar():
    answer = await house.session.get_async("/userinfo")
    return {"user": current_user.id, "told": answer.json()}


@app.post("/sign-out")
def sign_out():
    away = house.logout_url(url_for("index"))
    house.revoke()
    logout_user()
    return redirect(away)
