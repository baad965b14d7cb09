"""What compatibility costs per request, against this package itself in the same run."""

from __future__ import annotations

import io
import time

import pytest
from werkzeug.test import create_environ

from demijohn import Flask as NativeFlask
from demijohn import request, session
from demijohn.compat.app import Flask

#: The most that a request may cost more than natively.
RATIO = 1.3

ROUNDS, REQUESTS = 9, 1500


def _app(cls):
    app = cls(__name__, static_folder=None)
    app.secret_key = "a key that is only for tests"
    app.add_url_rule("/", "hello", lambda: "hello")
    app.add_url_rule("/form", "form", lambda: request.form["a"], methods=["POST"])

    @app.route("/session")
    def use_session():
        session["seen"] = session.get("seen", 0)
        return "seen"

    return app


def _cookie(app):
    answers = []
    app(create_environ("/session"), lambda status, headers: answers.extend(headers))
    return next(value for name, value in answers if name == "Set-Cookie").partition(";")[0]


CASES = {
    "hello": lambda app: (create_environ("/"), b""),
    "form": lambda app: (
        create_environ("/form", method="POST", data="a=1&b=two+words"),
        b"a=1&b=two+words",
    ),
    "session": lambda app: (create_environ("/session", headers={"Cookie": _cookie(app)}), b""),
}


def _cost(app, environ, body):
    """CPU seconds of a run of requests."""
    if body:
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    start = time.process_time()
    for _ in range(REQUESTS):
        given = environ.copy()
        if body:
            given["wsgi.input"] = io.BytesIO(body)
        app(given, lambda status, headers: None)
    return time.process_time() - start


@pytest.mark.serial
@pytest.mark.parametrize("case", CASES)
def test_a_request_costs_little_more_than_natively(case):
    apps = {"native": _app(NativeFlask), "compat": _app(Flask)}
    made = {name: (app, *CASES[case](app)) for name, app in apps.items()}
    best = dict.fromkeys(apps, float("inf"))
    for _ in range(ROUNDS):
        for name, arguments in made.items():
            best[name] = min(best[name], _cost(*arguments))
    assert best["compat"] <= RATIO * best["native"], {
        name: f"{seconds / REQUESTS * 1e6:.1f} us" for name, seconds in best.items()
    }
