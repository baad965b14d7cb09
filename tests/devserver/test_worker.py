"""The choice of the interface."""

from __future__ import annotations

import pytest

from demijohn import Flask
from demijohn.devserver.worker import choose_interface


def test_auto_is_wsgi_without_async_code():
    app = Flask(__name__)
    app.add_url_rule("/", "f", lambda: "")
    assert choose_interface(app, "auto")[0] == "wsgi"


@pytest.mark.parametrize(
    "register", ["before_request", "teardown_request", "before_serving", "context_processor"]
)
def test_auto_is_asgi_with_async_code_anywhere(register):
    async def f(*args): ...

    app = Flask(__name__)
    getattr(app, register)(f)
    assert choose_interface(app, "auto")[0] == "asgi"


def test_auto_is_asgi_with_a_websocket():
    app = Flask(__name__)

    @app.websocket("/ws")
    async def ws(): ...

    assert choose_interface(app, "auto")[0] == "asgi"


def test_what_is_asked_for_is_taken():
    assert choose_interface(Flask(__name__), "asgi") == ("asgi", "asked for")


def test_who_asks_for_rsgi_is_told_what_it_loses():
    interface, why = choose_interface(Flask(__name__), "rsgi")
    assert interface == "rsgi"
    assert "beyond ASCII" in why
