"""What an application is for a request is one record: made whole, never changed, dropped by any change."""

from __future__ import annotations

import threading

import pytest
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder, run_wsgi_app

from demijohn import Flask, Policy, Request, Response
from demijohn.compat.app import Flask as CompatFlask
from demijohn.json.provider import DefaultJSONProvider
from demijohn.sessions import SecureCookieSessionInterface


@pytest.fixture
def app():
    made = Flask("way", static_folder=None)
    made.add_url_rule("/", "index", lambda: "text")
    return made


def get(app, path="/"):
    body, status, _ = run_wsgi_app(app, EnvironBuilder(path).get_environ(), buffered=True)
    return status, b"".join(body)


CHANGES = {
    "a hook": lambda app: app.before_request_funcs[None].append(lambda: None),
    "a hook taken away": lambda app: app.before_request_funcs.clear(),
    "a teardown function": lambda app: app.teardown_appcontext_funcs.append(lambda error: None),
    "a rule": lambda app: app.url_map.add(Rule("/more", endpoint="more")),
    "a view": lambda app: app.view_functions.update(index=lambda: "other"),
    "a processor of templates": lambda app: app.template_context_processors[None].append(dict),
    "trusted proxies": lambda app: app.config.update(TRUSTED_PROXIES=1),
    "a class": lambda app: setattr(app, "request_class", type("Own", (Request,), {})),
    "the responses' class": lambda app: setattr(app, "response_class", type("Own", (Response,), {})),
    "the session's interface": lambda app: setattr(app, "session_interface", SecureCookieSessionInterface()),
    "what writes JSON": lambda app: setattr(app, "json", DefaultJSONProvider(app)),
    "the policy": lambda app: setattr(app, "policy", Policy(problem_json=False)),
    "an overridden step": lambda app: setattr(app, "preprocess_request", lambda: None),
    "middleware": lambda app: setattr(app, "wsgi_app", app.wsgi_app),
    "a test client": lambda app: app.test_client(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_drops_the_way(app, change):
    get(app)
    settled = app._way
    CHANGES[change](app)
    assert app._way is None
    assert app.settle() is not settled


def test_a_step_that_is_given_back_drops_the_way(app):
    app.preprocess_request = lambda: "overridden"
    assert get(app) == ("200 OK", b"overridden")
    del app.preprocess_request
    assert get(app) == ("200 OK", b"text")


def test_what_is_nothing_to_a_request_leaves_the_way(app):
    get(app)
    settled = app._way
    app.counter = 1
    app.config["COUNTER"] = 1
    app.extensions["own"] = object()
    get(app)
    assert app._way is settled


def test_a_settled_way_cannot_be_changed(app):
    way = app.settle()
    with pytest.raises(AttributeError, match="change the application"):
        way.short = False


def test_a_request_keeps_the_way_it_began_with():
    app = Flask("way", static_folder=None)
    seen = []

    @app.route("/")
    def index():
        app.after_request_funcs[None].append(lambda response: seen.append("late") or response)
        return "text"

    assert get(app) == ("200 OK", b"text")
    assert seen == []
    get(app)
    assert seen == ["late"]


def test_a_change_during_settling_counts(app):
    """Another thread adds a hook while this one settles: what is kept knows the hook."""
    met, go_on = threading.Event(), threading.Event()

    class Slow(type(app).settling):
        def way(self):
            way = super().way()
            if not go_on.is_set():
                met.set()
                assert go_on.wait(10)
            return way

    app.settling = Slow
    thread = threading.Thread(target=app.settle)
    thread.start()
    assert met.wait(10)
    app.before_request_funcs[None].append(lambda: "hook")
    go_on.set()
    thread.join()
    assert get(app) == ("200 OK", b"hook")


def test_compatibility_makes_its_own_way():
    app = CompatFlask("way", static_folder=None)
    way = app.settle()
    assert (way.short, way.bare, way.templates) == (True, False, None)
    assert not way.policy.problem_json


def test_an_application_is_freed_though_it_was_settled():
    import gc
    import weakref

    app = Flask("way", static_folder=None)
    app.add_url_rule("/", "index", lambda: "text")
    get(app)
    reference = weakref.ref(app)
    gc.disable()
    try:
        del app
        assert reference() is None
    finally:
        gc.enable()
