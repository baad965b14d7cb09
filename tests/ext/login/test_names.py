"""Flask-Login's names, and where its users expect them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.support.checkers import CHECKERS, complaints

from demijohn.ext import login
from demijohn.ext.login import FlaskLoginClient, config, signals, utils

FLASK_LOGIN_0_6_3 = """
    AUTH_HEADER_NAME AnonymousUserMixin COOKIE_DURATION COOKIE_HTTPONLY COOKIE_NAME COOKIE_SECURE
    FlaskLoginClient ID_ATTRIBUTE LOGIN_MESSAGE LOGIN_MESSAGE_CATEGORY LoginManager REFRESH_MESSAGE
    REFRESH_MESSAGE_CATEGORY UserMixin __version__ confirm_login current_user decode_cookie encode_cookie
    fresh_login_required login_fresh login_remembered login_required login_url login_user logout_user
    make_next_param session_protected set_login_view user_accessed user_loaded_from_cookie
    user_loaded_from_request user_logged_in user_logged_out user_login_confirmed user_needs_refresh
    user_unauthorized
""".split()


@pytest.mark.parametrize("name", FLASK_LOGIN_0_6_3)
def test_a_public_name_is_there(name):
    assert name in login.__all__
    assert hasattr(login, name)


@pytest.mark.parametrize("home", [login, signals])
def test_the_signal_of_header_loaders_is_deprecated(home):
    with pytest.warns(DeprecationWarning, match="user_loaded_from_request"):
        assert home.user_loaded_from_header is signals._user_loaded_from_header
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = home.nothing_of_this_name


def test_a_test_may_replace_who_is_logged_in(site, monkeypatch):
    monkeypatch.setattr(utils, "_get_user", lambda: site.users["1"])
    assert site.app.test_client().get("/secret").text == "secret of Ada"


def test_a_client_may_be_logged_in_from_the_start(site):
    site.app.test_client_class = FlaskLoginClient
    site.app.config["SESSION_PROTECTION"] = None
    assert site.app.test_client(user=site.users["1"]).get("/fresh").text == "fresh secret of Ada"
    assert site.app.test_client(user=site.users["1"], fresh_login=False).get("/fresh").status_code == 401
    assert site.app.test_client().get("/secret").status_code == 401


def test_old_ways_are_deprecated_and_work(site):
    with pytest.warns(DeprecationWarning, match="init_app"):
        site.manager.setup_app(site.app)
    with site.app.app_context():
        with pytest.warns(DeprecationWarning, match="LOGIN_DISABLED"):
            site.manager._login_disabled = True
        with pytest.warns(DeprecationWarning, match="LOGIN_DISABLED"):
            assert site.manager._login_disabled
    assert site.app.config["LOGIN_DISABLED"]


def test_the_keys_kept_in_the_session_are_listed(site):
    client = site.app.test_client()
    client.get("/in/1?remember")
    with client.session_transaction() as kept:
        assert set(kept) <= config.SESSION_KEYS


@pytest.mark.slow
@pytest.mark.xdist_group("typing")
@pytest.mark.parametrize("checker", CHECKERS)
def test_the_current_user_has_the_class_of_the_application(checker):
    assert complaints(checker, "tests/ext/login/typed_sample.py") == []


def test_importing_the_room_loads_no_test_client_and_no_event_loop():
    code = (
        "import sys, demijohn.ext.login; "
        "print([m for m in ('asyncio', 'demijohn.testing', 'argon2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
