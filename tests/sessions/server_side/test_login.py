"""Sessions on the server and ext.login: a login's identifier is its own."""

from __future__ import annotations

import pytest

from demijohn.ext.login import LoginManager, UserMixin, confirm_login, current_user, login_user, logout_user


class User(UserMixin):
    id = 1


@pytest.fixture
def login_site(site):
    site.app.secret_key = "for the remember-me cookie"
    manager = LoginManager(site.app)

    async def find_async(user_id):
        return User()

    is_async = site.app.view_functions["get"].__name__ == "run"
    manager.user_loader(find_async if is_async else lambda user_id: User())
    views = {
        "/login": lambda: str(login_user(User())),
        "/remembered": lambda: str(login_user(User(), remember=True)),
        "/logout": lambda: str(logout_user()),
        "/who": lambda: str(current_user.is_authenticated),
    }

    def made_async(view):
        async def run():
            return view()

        return run

    for rule, view in views.items():
        site.add(rule, made_async(view) if is_async else view)
    return site


def test_case_34_a_login_rotates_the_identifier_and_the_old_one_is_dead(login_site, sid, count):
    client, thief = login_site.client, login_site.other
    client.get("/set/cart/full")
    fixed = sid(client)
    thief.set_cookie("session", fixed)
    assert client.get("/login").text == "True"
    assert sid(client) != fixed
    assert client.get("/who").text == "True"
    assert client.get("/get/cart").text == "full"
    assert thief.get("/who").text == "False"
    assert thief.get("/get/cart").text == "None"
    assert count(login_site.store) == 1


def test_case_34_an_invented_identifier_does_not_become_the_logins(login_site, sid):
    login_site.client.set_cookie("session", "A" * 43)
    login_site.client.get("/login")
    assert sid(login_site.client) != "A" * 43
    login_site.other.set_cookie("session", "A" * 43)
    assert login_site.other.get("/who").text == "False"


def test_case_34_a_logout_kills_the_identifier(login_site, sid, count):
    client, thief = login_site.client, login_site.other
    client.get("/login")
    stolen = sid(client)
    client.get("/logout")
    thief.set_cookie("session", stolen)
    assert thief.get("/who").text == "False"
    assert count(login_site.store) == 0


def test_case_34_a_login_by_the_remember_me_cookie_rotates_it_too(login_site, sid):
    client = login_site.client
    client.get("/remembered")
    token = client.get_cookie("remember_token").value
    client.delete_cookie("session")
    client.delete_cookie("remember_token")
    client.get("/set/cart/full")
    fixed = sid(client)
    client.set_cookie("remember_token", token)
    assert client.get("/who").text == "True"
    assert sid(client) != fixed
    assert client.get("/get/cart").text == "full"


def test_case_34_a_login_that_is_confirmed_gets_a_new_identifier(login_site, sid):
    def confirm():
        return str(confirm_login())

    async def confirm_async():
        return confirm()

    is_async = login_site.app.view_functions["get"].__name__ == "run"
    login_site.add("/confirm", confirm_async if is_async else confirm)
    client, thief = login_site.client, login_site.other
    client.get("/login")
    before = sid(client)
    client.get("/confirm")
    assert sid(client) != before
    thief.set_cookie("session", before)
    assert thief.get("/who").text == "False"
    assert client.get("/who").text == "True"
