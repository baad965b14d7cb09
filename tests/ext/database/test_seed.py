"""The sample of the article's topic 27, as printed but for the import names and what its layout broke."""

from __future__ import annotations

import pytest

SAMPLE = """
from demijohn import Flask
from demijohn.ext.database import SQLAlchemy
app = Flask(__name__)
app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///example.db'
db = SQLAlchemy(app)

class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True, nullable=False)
    email = db.Column(db.String(120), unique=True, nullable=False)

@app.route('/users')
def get_users():
    users = User.query.all()
    return str(users)
"""


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_topic_27_users_are_listed(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "topic27", "__file__": str(tmp_path / "topic27.py")}
    program = SAMPLE.replace("Flask(__name__)", f"Flask(__name__, instance_path={str(tmp_path)!r})")
    exec(compile(program, "topic27.py", "exec"), names)
    app, db, User = names["app"], names["db"], names["User"]
    with app.app_context():
        db.create_all()
        db.session.add(User(username="ada", email="ada@example.com"))
        db.session.commit()
    assert app.test_client(protocol=protocol).get("/users").text == "[<User 1>]"
    assert (tmp_path / "example.db").exists()
    with app.app_context():
        db.engine.dispose()
