from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from demijohn import Flask, session
from demijohn.sessions import NullSession, SecureCookieSession, SessionInterface, SessionMixin


@pytest.fixture
def app():
    return Flask("demijohn", root_path="/")


@pytest.fixture
def interface():
    return SessionInterface()


def test_opening_and_saving_are_for_the_subclass(app, interface):
    with pytest.raises(NotImplementedError):
        interface.open_session(app, None)
    with pytest.raises(NotImplementedError):
        interface.save_session(app, SecureCookieSession(), None)


def test_a_null_session_is_known_again(app, interface):
    assert type(interface.make_null_session(app)) is NullSession
    assert interface.is_null_session(interface.make_null_session(app))
    assert not interface.is_null_session(SecureCookieSession())
    assert interface.pickle_based is False


@pytest.mark.parametrize(
    ("method", "setting", "value"),
    [
        ("get_cookie_name", "SESSION_COOKIE_NAME", "sid"),
        ("get_cookie_domain", "SESSION_COOKIE_DOMAIN", "example.com"),
        ("get_cookie_path", "SESSION_COOKIE_PATH", "/shop"),
        ("get_cookie_path", "APPLICATION_ROOT", "/app"),
        ("get_cookie_httponly", "SESSION_COOKIE_HTTPONLY", False),
        ("get_cookie_secure", "SESSION_COOKIE_SECURE", True),
        ("get_cookie_secure", "SESSION_COOKIE_SECURE", False),
        ("get_cookie_samesite", "SESSION_COOKIE_SAMESITE", "Strict"),
        ("get_cookie_partitioned", "SESSION_COOKIE_PARTITIONED", True),
    ],
)
def test_attributes_come_from_the_settings(app, interface, method, setting, value):
    app.config[setting] = value
    assert getattr(interface, method)(app) == value


def test_the_cookie_is_closed_to_scripts_and_to_other_sites_by_default(app, interface):
    assert interface.get_cookie_httponly(app) is True
    assert interface.get_cookie_samesite(app) == "Lax"
    assert interface.get_cookie_secure(app) is True


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("http://localhost/", False),
        ("http://localhost:5000/", False),
        ("http://app.localhost/", False),
        ("http://127.0.0.1:5000/", False),
        ("http://127.8.9.1/", False),
        ("http://[::1]:5000/", False),
        ("https://localhost/", True),
        ("http://example.com/", True),
        ("http://127.0.0.1.example.com/", True),
        ("http://127.evil.example/", True),
        ("http://localhost.example/", True),
        ("http://192.168.0.2/", True),
        ("http://[2001:db8::1]/", True),
    ],
)
def test_auto_is_secure_except_for_plain_http_on_this_machine(app, interface, url, secure):
    app.config["SESSION_COOKIE_SECURE"] = "auto"
    with app.test_request_context("/", base_url=url):
        assert interface.get_cookie_secure(app) is secure


def test_a_permanent_session_ends_after_its_lifetime(app, interface):
    app.permanent_session_lifetime = timedelta(hours=2)
    kept = SecureCookieSession()
    assert interface.get_expiration_time(app, kept) is None
    kept.permanent = True
    expires = interface.get_expiration_time(app, kept)
    assert timedelta(minutes=119) < expires - datetime.now(UTC) <= timedelta(hours=2)


@pytest.mark.parametrize(
    ("modified", "permanent", "refresh", "needed"),
    [
        (False, False, True, False),
        (True, False, False, True),
        (False, True, True, True),
        (False, True, False, False),
    ],
)
def test_the_cookie_is_set_when_changed_or_refreshed(app, interface, modified, permanent, refresh, needed):
    app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh
    kept = SecureCookieSession({"_permanent": permanent})
    kept.modified = modified
    assert interface.should_set_cookie(app, kept) is needed


def test_a_store_of_ones_own_is_opened_and_saved(app):
    store = {}

    class Session(dict, SessionMixin):
        pass

    class Stored(SessionInterface):
        def open_session(self, app, request):
            return Session(store)

        def save_session(self, app, session, response):
            store.clear()
            store.update(session)

    app.session_interface = Stored()

    @app.get("/")
    def count():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    client = app.test_client()
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert store == {"count": 3}
