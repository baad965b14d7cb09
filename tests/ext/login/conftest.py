"""One application with a login, asked over both kinds of protocol, with sync and async views and loaders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demijohn import Flask, request
from demijohn.ext.login import (
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_required,
    login_user,
    logout_user,
)


class User(UserMixin):
    def __init__(self, id: str, name: str, active: bool = True) -> None:
        self.id = id
        self.name = name
        self.active = active

    @property
    def is_active(self) -> bool:
        return self.active


class Site:
    """The application, its manager and how often its loader was called."""

    def __init__(self, async_views: bool = False, async_loader: bool = False) -> None:
        self.users = {"1": User("1", "Ada"), "2": User("2", "Bob", active=False)}
        self.loads = 0
        self.app = app = Flask(__name__)
        app.secret_key = "the key of these tests"
        app.testing = True
        self.manager: LoginManager[User] = LoginManager(app)
        self.manager.user_loader(self.find_async if async_loader else self.find)
        self.add = self.add_async if async_views else self.add_sync
        self.add("/in/<id>", self.log_in)
        self.add("/out", lambda: str(logout_user()))
        self.add("/confirm", lambda: str(confirm_login()))
        self.add("/who", lambda: current_user.name if current_user.is_authenticated else "nobody")
        self.add("/plain", lambda: "plain")
        self.add("/secret", lambda: f"secret of {current_user.name}", login_required)
        self.add("/fresh", lambda: f"fresh secret of {current_user.name}", fresh_login_required)

    def find(self, user_id: str) -> User | None:
        self.loads += 1
        return self.users.get(user_id)

    async def find_async(self, user_id: str) -> User | None:
        return self.find(user_id)

    def log_in(self, id: str) -> str:
        return str(login_user(self.users[id], remember="remember" in request.args))

    def add_sync(self, rule: str, view: Callable[..., Any], decorate: Any = lambda f: f) -> None:
        self.app.add_url_rule(rule, rule.strip("/").partition("/")[0], decorate(view))

    def add_async(self, rule: str, view: Callable[..., Any], decorate: Any = lambda f: f) -> None:
        async def run(**values: Any) -> Any:
            return view(**values)

        self.app.add_url_rule(rule, rule.strip("/").partition("/")[0], decorate(run))


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture(
    params=[
        (protocol, views, loader)
        for protocol in ("wsgi", "asgi")
        for views in (False, True)
        for loader in (False, True)
    ],
    ids=lambda p: f"{p[0]}-{'async' if p[1] else 'sync'}_views-{'async' if p[2] else 'sync'}_loader",
)
def every_site(request: Any) -> Any:
    """The site in each combination, and a client for its protocol."""
    protocol, views, loader = request.param
    made: Any = Site(views, loader)
    with made.app.test_client(protocol=protocol) as client:
        client.preserve_context = False
        made.client = client
        yield made
        client.close()


@pytest.fixture
def new_site() -> type[Site]:
    return Site
