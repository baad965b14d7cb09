"""Whatever can be called can be registered with a login manager: mocks, and objects that answer with themselves."""

from __future__ import annotations

from unittest.mock import MagicMock, Mock

import pytest

from demijohn import Flask
from demijohn.compat import app as compat
from demijohn.ext.login import LoginManager, UserMixin, current_user, fresh_login_required, login_required


class Echo:
    """As clients of remote calls are: every attribute is itself, but for Python's own."""

    __name__ = "echo"

    def __init__(self, return_value):
        self.__dict__["return_value"] = return_value

    def __getattr__(self, name):
        if name.startswith("__"):  # functools.wraps believes these
            raise AttributeError(name)
        return self

    def __call__(self, *args):
        return self.__dict__["return_value"]


class User(UserMixin):
    def __init__(self, name):
        self.id = self.name = name


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def protocol(request):
    return request.param


@pytest.fixture(
    params=[lambda answer: MagicMock(return_value=answer), lambda answer: Mock(return_value=answer), Echo]
)
def make(request):
    return request.param


@pytest.fixture(params=["sync", "async"])
def views(request):
    return request.param


@pytest.fixture(params=[Flask, compat.Flask])
def site(request, views):
    """An application, and what makes its requests."""
    app = request.param(__name__)
    app.secret_key = "the key of these tests"
    app.testing = True
    manager = LoginManager(app)

    def add(rule, view):
        async def run():
            return view()

        wrapped = {"/fresh": fresh_login_required, "/secret": login_required}.get(rule, lambda f: f)
        app.add_url_rule(rule, rule[1:], wrapped(run if views == "async" else view))

    add("/who", lambda: current_user.name if current_user.is_authenticated else "nobody")
    add("/secret", lambda: f"secret of {current_user.name}")
    add("/fresh", lambda: "fresh")
    return app, manager


def ask(site, protocol, path, **session):
    app, _ = site
    client = app.test_client(protocol=protocol)
    with client.session_transaction() as kept:
        kept.update(session)
    return client.get(path)


def test_as_a_user_loader(site, protocol, make):
    site[1].user_loader(make(User("Ada")))
    assert ask(site, protocol, "/secret", _user_id="1").text == "secret of Ada"


def test_as_a_request_loader(site, protocol, make):
    site[1].request_loader(make(User("Ada")))
    assert ask(site, protocol, "/who").text == "Ada"


def test_as_a_header_loader(site, protocol, make):
    with pytest.warns(DeprecationWarning, match="request_loader"):
        site[1].header_loader(make(User("Ada")))
    site[1].user_loader(make(None))
    app, _ = site
    assert app.test_client(protocol=protocol).get("/who", headers={"Authorization": "1"}).text == "Ada"


def test_as_who_sends_strangers_away(site, protocol, make):
    site[1].user_loader(make(None))
    site[1].unauthorized_handler(make(("go away", 418)))
    assert ask(site, protocol, "/secret").status_code == 418


def test_as_who_asks_again(site, protocol, make):
    site[1].user_loader(make(User("Ada")))
    site[1].needs_refresh_handler(make(("again", 418)))
    assert ask(site, protocol, "/fresh", _user_id="1", _fresh=False).status_code == 418


def test_as_the_anonymous_user_and_the_translator(site, protocol, make):
    manager = site[1]
    manager.user_loader(make(None))
    manager.anonymous_user = make(User("Nobody"))
    assert ask(site, protocol, "/who").text == "Nobody"
    manager.anonymous_user = type("Anonymous", (), {"is_authenticated": False})
    manager.login_view = "/who"
    manager.localize_callback = make("Bitte anmelden")
    assert ask(site, protocol, "/secret").status_code == 302


def test_as_a_view_that_needs_a_login(site, protocol, make):
    app, manager = site
    manager.user_loader(make(User("Ada")))
    app.add_url_rule("/mock", "mock", login_required(make("a mock")))
    assert ask(site, protocol, "/mock", _user_id="1").text == "a mock"
    assert ask(site, protocol, "/mock").status_code == 401
