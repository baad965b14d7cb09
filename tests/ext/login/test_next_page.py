"""The way to the login page and back, and nowhere else."""

from __future__ import annotations

import pytest

from demijohn import Blueprint, get_flashed_messages, session
from demijohn.ext.login import (
    login_required,
    login_url,
    login_user,
    make_next_param,
    redirect_to_next,
    set_login_view,
)

ELSEWHERE = ["//e.example", "/\\e.example", "/////e.example", "https:e.example", "\x01//e.example",
             "\t//e.example", "javascript:alert(1)", "https://e.example/", "http://localhost@e.example/"]  # fmt: skip


@pytest.fixture
def client(site):
    def sign_in():
        login_user(site.users["1"])
        return redirect_to_next("/home")

    site.manager.login_view = "sign_in"
    site.app.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET", "POST"])
    return site.app.test_client()


def test_the_login_page_is_told_where_to_go_back_to(client):
    answer = client.get("/secret?page=2")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=%2Fsecret%3Fpage%3D2")
    assert client.get(answer.location).location == "/secret?page=2"


def test_the_page_asked_for_may_be_kept_in_the_session(client, site):
    site.app.config["USE_SESSION_FOR_NEXT"] = True
    assert client.get("/secret").location == "/sign-in"
    assert client.post("/sign-in").location == "/secret"
    assert client.post("/sign-in").location == "/home"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_case_69_and_41_a_target_elsewhere_is_not_followed(client, target):
    assert client.get("/sign-in", query_string={"next": target}).location == "/home"
    assert client.post("/sign-in", data={"next": target}).location == "/home"
    with client.session_transaction() as kept:
        kept["next"] = target
    assert client.post("/sign-in").location == "/home"


@pytest.mark.parametrize("target", ["/a?b=c#d", "a", "?page=2", "http://localhost/a"])
def test_a_target_on_this_site_is_followed_unchanged(client, target):
    assert client.get("/sign-in", query_string={"next": target}).location == target


@pytest.mark.parametrize("path", ["//e.example/x", "/\\e.example/x", "///e.example"])
def test_case_41_a_path_that_looks_like_a_host_is_not_made_a_target(site, path):
    with site.app.test_request_context():
        made = make_next_param("/login", "http://localhost" + path)
    assert made.startswith("/e.example")


def test_a_message_is_flashed_and_may_be_translated(client, site):
    site.manager.localize_callback = lambda text: f"<{text}>"
    site.manager.login_message_category = "login"
    with client:
        client.get("/secret")
        assert get_flashed_messages(with_categories=True) == [
            ("login", "<Please log in to access this page.>")
        ]


def test_a_refresh_has_its_own_page_and_message(client, site):
    site.manager.refresh_view = "/again"
    client.get("/sign-in")
    with client.session_transaction() as kept:
        kept["_fresh"] = False
    with client:
        assert client.get("/fresh").location == "/again?next=%2Ffresh"
        assert get_flashed_messages() == ["Please reauthenticate to access this page."]


def test_a_blueprint_may_have_its_own_login_page(site):
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    inner.add_url_rule("/secret", "secret", login_required(lambda: ""))
    other = Blueprint("other", __name__, url_prefix="/other")
    other.add_url_rule("/secret", "secret", login_required(lambda: ""))
    site.app.register_blueprint(inner)
    site.app.register_blueprint(other)
    with site.app.app_context():
        set_login_view("/sign-in")
        set_login_view("/inner/sign-in", blueprint=inner)
    site.manager.blueprint_login_views["other"] = None
    client = site.app.test_client()
    assert client.get("/inner/secret").location == "/inner/sign-in?next=%2Finner%2Fsecret"
    assert client.get("/secret").location == "/sign-in?next=%2Fsecret"


def test_a_login_elsewhere_gets_the_whole_url(site):
    with site.app.test_request_context():
        assert (
            login_url("https://login.example/?a=1", "http://localhost/x")
            == "https://login.example/?a=1&next=http%3A%2F%2Flocalhost%2Fx"
        )
        site.app.config["FORCE_HOST_FOR_REDIRECTS"] = "good.example"
        assert login_url("/in", "http://bad.example/x", "n") == "//good.example/in?n=%2Fx"


def test_a_refusal_leaves_no_target_behind_in_the_session(client):
    with client:
        client.get("/secret")
        assert "next" not in session
