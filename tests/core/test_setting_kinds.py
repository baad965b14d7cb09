"""Settings of a wrong kind: found at start-up, by name."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from demijohn import Flask
from demijohn.compat.app import Flask as CompatFlask
from demijohn.errors import WrongSetting
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.login import LoginManager
from demijohn.ext.migrations import Migrate
from demijohn.extend import expect_settings
from demijohn.sessions.server_side import Session

WRONG = {
    "SECRET_KEY": 12345,
    "SECRET_KEY_FALLBACKS": {"old": 1},
    "REDIRECT_CODE": [303],
    "REDIRECT_SCHEMES": {"com.example.app": True},
    "TRUSTED_HOSTS": [80],
    "WEBSOCKET_ORIGINS": True,
    "PERMANENT_SESSION_LIFETIME": "a while",
    "MAX_CONTENT_LENGTH": "16 MB",
    "MAX_QUERY_FIELDS": [1],
    "MAX_HEADER_SIZE": 4096,
    "THREADS": "many",
    "SERVER_NAME": "https://cellar.example",
    "SEND_FILE_MAX_AGE_DEFAULT": "an hour",
    "SESSION_COOKIE_SAMESITE": "sloppy",
    "SESSION_COOKIE_SECURE": "false",
    "SESSION_COOKIE_HTTPONLY": "no",
    "BACKGROUND_TASK_SHUTDOWN_TIMEOUT": "5",
    "WEBSOCKET_SEND_TIMEOUT": timedelta(seconds=20),
}
RIGHT = [
    ("SECRET_KEY", b"key"),
    ("SECRET_KEY", bytearray(b"key")),
    ("SECRET_KEY_FALLBACKS", "old"),
    ("SECRET_KEY_FALLBACKS", ["old", b"older"]),
    ("REDIRECT_CODE", 303),
    ("REDIRECT_CODE", None),
    ("REDIRECT_SCHEMES", "com.example.app"),
    ("TRUSTED_HOSTS", "localhost"),
    ("TRUSTED_HOSTS", {"localhost"}),
    ("WEBSOCKET_ORIGINS", ("*",)),
    ("PERMANENT_SESSION_LIFETIME", 60),
    ("PERMANENT_SESSION_LIFETIME", timedelta(days=1)),
    ("MAX_CONTENT_LENGTH", 1e6),
    ("MAX_CONTENT_LENGTH", None),
    ("SERVER_NAME", "localhost:8000"),
    ("SEND_FILE_MAX_AGE_DEFAULT", timedelta(hours=1)),
    ("SEND_FILE_MAX_AGE_DEFAULT", 0),
    ("SESSION_COOKIE_SAMESITE", "strict"),
    ("SESSION_COOKIE_SAMESITE", None),
    ("SESSION_COOKIE_SECURE", "auto"),
    ("SESSION_COOKIE_SECURE", 1),
]


def made(kind=Flask, **settings):
    app = kind(__name__)
    app.config.update(settings)
    app.add_url_rule("/", "index", lambda: "answer")
    return app


@pytest.mark.parametrize("protocol", ["asgi", "wsgi"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_found_at_start_up_and_named(name, protocol):
    app = made(**{name: WRONG[name]})
    with pytest.raises(WrongSetting, match=f"{name} is of type {type(WRONG[name]).__name__}.*Expected is "):
        app.lifecycle.start_sync() if protocol == "wsgi" else asyncio.run(app.lifecycle.startup())


def test_the_error_does_not_show_a_key():
    with pytest.raises(WrongSetting) as caught:
        made(SECRET_KEY=12345).settle()
    assert "12345" not in str(caught.value)
    assert "quote" in str(caught.value)


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_a_right_one_is_taken(name, value):
    assert made(**{name: value}).test_client().get("/").text == "answer"


def test_under_compat_it_is_taken_until_it_is_read():
    assert made(CompatFlask, PERMANENT_SESSION_LIFETIME="a while").test_client().get("/").text == "answer"


WRONG_IN_ROOMS = {
    "REMEMBER_COOKIE_DURATION": "a year",
    "REMEMBER_COOKIE_SAMESITE": "sloppy",
    "REMEMBER_COOKIE_SECURE": "false",
    "REMEMBER_COOKIE_NAME": 1,
    "SESSION_PROTECTION": "Strong",
    "SQLALCHEMY_POOL_SIZE": "5",
    "SQLALCHEMY_SLOW_QUERY": "half a second",
    "SQLALCHEMY_ECHO": "loud",
    "SQLALCHEMY_RECORD_QUERIES": "false",
    "MIGRATE_LOCK_TIMEOUT": "a minute",
    "SESSION_REDIS_TIMEOUT": "1",
    "SESSION_KEY_PREFIX": 7,
    "SESSION_PERMANENT": "false",
}


def with_rooms(app):
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", SESSION_TYPE="memory")
    LoginManager(app)
    db = SQLAlchemy(app)
    Migrate(app, db)
    Session(app)
    return app


@pytest.mark.parametrize("name", WRONG_IN_ROOMS)
def test_a_wrong_one_of_a_room_is_found_when_that_is_attached(name):
    with pytest.raises(WrongSetting, match=f"{name} is of type"):
        with_rooms(made(**{name: WRONG_IN_ROOMS[name]}))


@pytest.mark.parametrize(
    "name", [name for name in WRONG_IN_ROOMS if name.startswith(("REMEMBER", "SESSION_PROT"))]
)
def test_one_that_is_set_after_the_room_was_attached_is_found_at_start_up(name):
    app = with_rooms(made())
    app.config[name] = WRONG_IN_ROOMS[name]
    with pytest.raises(WrongSetting, match=f"{name} is of type"):
        app.lifecycle.start_sync()


@pytest.mark.parametrize("name", ["REMEMBER_COOKIE_DURATION", "SESSION_PROTECTION", "SESSION_REDIS_TIMEOUT"])
def test_under_compat_those_of_rooms_are_taken_too(name):
    app = with_rooms(made(CompatFlask, **{name: WRONG_IN_ROOMS[name]}))
    assert app.test_client().get("/").text == "answer"


def test_anybodys_extension_may_say_what_it_expects():
    app = made(BADGE_SIZE=3)
    with pytest.raises(WrongSetting, match="BADGE_SIZE is of type int: 3. Expected is 1 or 2."):
        expect_settings(app, BADGE_LIFETIME="time", BADGE_SIZE=(lambda size: size in (1, 2), "1 or 2"))
    app.config["BADGE_SIZE"] = 2
    assert app.test_client().get("/").text == "answer"
