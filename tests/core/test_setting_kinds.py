"""Settings of a wrong kind: found at start-up, by name."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from demijohn import Flask
from demijohn.compat.app import Flask as CompatFlask
from demijohn.errors import WrongSetting

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
    "THREADS": "many",
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
    with pytest.raises(WrongSetting, match=f"{name} is of type {type(WRONG[name]).__name__}.*Expected is a"):
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
