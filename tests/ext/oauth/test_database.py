"""Tokens in a database: whose they are, and that nobody reads them there."""

from __future__ import annotations

import pytest
from tests.ext.oauth.conftest import Browser

from demijohn.ext.database import SQLAlchemy
from demijohn.ext.oauth import NobodySignedIn, OAuthConsumerMixin, SQLAlchemyStorage


class Kept:
    """The application with its tokens in a database, and who is signed in there."""

    def __init__(self, app, *, related=False, **options):
        self.app, self.current = app, None
        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
        self.db = db = SQLAlchemy(app)

        class User(db.Model):
            id = db.Column(db.Integer, primary_key=True)

        class OAuth(OAuthConsumerMixin, db.Model):
            owner = db.Column("user_id", db.Integer, db.ForeignKey(User.id))
            if related:
                user = db.relationship(User)
            else:
                user_id = db.synonym("owner")

        self.User, self.OAuth = User, OAuth
        given = {"user": lambda: self.user()} if related else {"user_id": lambda: self.current}
        app.house.storage = SQLAlchemyStorage(OAuth, db.session, **{**given, **options})
        with app.app_context():
            db.create_all()
            db.session.add_all([User(id=1), User(id=2)])
            db.session.commit()

    def user(self):
        return self.current and self.db.session.get(self.User, self.current)

    def token(self):
        with self.app.test_request_context():
            return self.app.house.session.access_token if self.app.house.session.authorized else None


@pytest.fixture(params=[False, True], ids=["user_id", "user"])
def kept(app, request):
    return Kept(app, related=request.param, user_required=False)


def test_each_users_token_is_their_own_and_nobodys_is_nobodys(kept, app, provider):
    browser = Browser(app.test_client())
    for kept.current in (1, 2):
        assert browser.sign_in().location == "/done"
    first, second = (token.access_token for token in provider.tokens)
    for kept.current, token in ((1, first), (2, second), (None, None)):
        assert kept.token() == token
    browser.sign_in()  # as nobody: that takes nobody's place but its own
    for kept.current, token in ((1, first), (2, second), (None, provider.tokens[2].access_token)):
        assert kept.token() == token
    with app.test_request_context():
        del app.house.token
    for kept.current, token in ((1, first), (2, second), (None, None)):
        assert kept.token() == token


def test_the_user_may_change_within_a_request(kept, app, provider):
    browser = Browser(app.test_client())
    for kept.current in (1, 2):
        browser.sign_in()
    with app.test_request_context():
        kept.current = 1
        assert app.house.session.access_token == provider.tokens[0].access_token
        kept.current = 2
        assert app.house.session.access_token == provider.tokens[1].access_token


def test_an_encrypted_token_cannot_be_read_in_the_database(app, provider):
    kept = Kept(app, encrypted=True, user_required=False)
    kept.current = 1
    Browser(app.test_client()).sign_in()
    with app.app_context():
        row = kept.db.session.query(kept.OAuth).one()
        assert provider.tokens[0].access_token not in str(row.token)
        assert list(row.token) == ["sealed"]
    assert kept.token() == provider.tokens[0].access_token


def test_where_a_user_is_required_nobody_is_not_authorized_and_is_not_stored(app):
    kept = Kept(app)
    assert kept.token() is None
    answer = Browser(app.test_client()).sign_in()
    assert answer.status_code == 500
    assert "Cannot set OAuth token" in answer.text
    with app.test_request_context(), pytest.raises(NobodySignedIn):
        app.house.session.get("/userinfo")


def test_a_cache_answers_in_the_databases_place_and_is_told_of_changes(app, provider):
    class Cache(dict):
        def set(self, key, value):
            self[key] = value

        def delete(self, key):
            self.pop(key, None)

    cache = Cache()
    kept = Kept(app, user_required=False, cache=cache, encrypted=True)
    kept.current = 1
    browser = Browser(app.test_client())
    browser.sign_in()
    assert kept.token() == provider.tokens[0].access_token
    assert list(cache) == ["flask_dance_token|house|1"]
    assert provider.tokens[0].access_token not in str(cache)
    browser.sign_in()
    assert kept.token() == provider.tokens[1].access_token
