"""One pipeline: sync and async functions mix in every place a function can be registered, on every protocol."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import itertools

import pytest

from demijohn import (
    Blueprint,
    abort,
    after_this_request,
    g,
    render_template_string,
    request,
    request_finished,
    request_started,
    session,
)

BOTH = pytest.mark.parametrize("kind", ["def", "async def"])


def made(kind, function):
    """`function`, or an async function that does the same after it has waited."""
    if kind == "def":
        return function

    @functools.wraps(function)
    async def waiting(*args, **kwargs):
        await asyncio.sleep(0)
        return function(*args, **kwargs)

    return waiting


@pytest.mark.parametrize("async_places", list(itertools.product([False, True], repeat=3)), ids=str)
def test_hooks_and_view_run_in_their_order_whichever_of_them_are_async(app, client, async_places):
    before, view, after = ("async def" if is_async else "def" for is_async in async_places)
    order = []
    app.before_request(made(before, lambda: order.append("before 1")))
    app.before_request(made(after, lambda: order.append("before 2")))

    def stamp(name, response):
        order.append(name)
        return response

    app.after_request(made(after, functools.partial(stamp, "after 1")))
    app.after_request(made(before, lambda response: stamp("after 2", response)))
    app.teardown_request(made(view, lambda exc: order.append("teardown")))
    app.add_url_rule("/", view_func=made(view, lambda: order.append("view") or "answer"), endpoint="index")
    assert client.get("/").text == "answer"
    assert order == ["before 1", "before 2", "view", "after 2", "after 1", "teardown"]


@BOTH
def test_a_hook_that_returns_something_answers_in_place_of_the_view(app, client, kind):
    app.before_request(made(kind, lambda: ("stopped", 403)))
    app.before_request(lambda: pytest.fail("the next hook was called"))
    app.add_url_rule("/", "index", lambda: pytest.fail("the view was called"))
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (403, "stopped")


@BOTH
@pytest.mark.parametrize("raised", [ValueError, KeyError])
def test_an_error_handler_may_be_async_for_both_kinds_of_view(app, client, kind, raised):
    def fail():
        raise raised("on purpose")

    app.register_error_handler(ValueError, made(kind, lambda e: (f"handled {e}", 418)))
    app.register_error_handler(KeyError, made(kind, lambda e: ("key", 419 - 10)))
    app.add_url_rule("/", view_func=fail, endpoint="sync")
    app.add_url_rule("/later", view_func=made("async def", fail), endpoint="async")
    assert (
        client.get("/").status_code
        == client.get("/later").status_code
        == (418 if raised is ValueError else 409)
    )


@BOTH
def test_an_after_this_request_function_may_be_async(app, client, kind):
    @app.route("/")
    def index():
        def change(response):
            response.headers["X-Changed"] = request.path
            return response

        after_this_request(made(kind, change))
        return "answer"

    assert client.get("/").headers["X-Changed"] == "/"


def test_after_this_request_applies_to_one_request_only(app, client):
    @app.route("/<int:number>")
    def index(number):
        if number == 1:
            after_this_request(lambda response: setattr(response, "status_code", 202) or response)
        return "answer"

    assert [client.get(f"/{number}").status_code for number in (1, 2)] == [202, 200]


@BOTH
def test_a_context_processor_may_be_async_and_is_called_from_both_kinds_of_view(app, client, kind):
    app.context_processor(made(kind, lambda: {"who": request.path}))
    app.add_url_rule("/def", "sync", lambda: render_template_string("{{ who }}"))

    @app.route("/async")
    async def later():
        await asyncio.sleep(0)
        return render_template_string("{{ who }}")

    assert (client.get("/def").text, client.get("/async").text) == ("/def", "/async")


@BOTH
def test_a_sync_decorator_around_an_async_view_works(app, client, kind):
    """What counts is what a call returns, not how it was defined."""

    def logged(view):
        @functools.wraps(view)
        def wrapper(*args, **kwargs):
            g.logged = True
            return view(*args, **kwargs)

        return wrapper

    @app.route("/<name>")
    @logged
    async def index(name):
        await asyncio.sleep(0)
        return f"{name} {g.logged}"

    @app.before_request
    @logged
    async def before():
        await asyncio.sleep(0)

    assert client.get("/ada").text == "ada True"


def test_partials_lambdas_and_callable_objects_are_views(app, client):
    class Waits:
        async def __call__(self):
            await asyncio.sleep(0)
            return "object"

    async def with_argument(word):
        return word

    app.add_url_rule("/lambda", "lambda", lambda: asyncio.sleep(0, "lambda"))
    app.add_url_rule("/object", "object", Waits())
    app.add_url_rule("/partial", "partial", functools.partial(with_argument, "partial"))
    for name in ("lambda", "object", "partial"):
        assert client.get(f"/{name}").text == name


@BOTH
def test_signals_reach_sync_and_async_receivers(app, client, kind):
    heard = []

    def started(sender, **extra):
        heard.append(("started", sender is app, request.path))

    def finished(sender, response, **extra):
        heard.append(("finished", response.status_code))

    app.add_url_rule("/", "index", made(kind, lambda: "answer"))
    with request_started.connected_to(started, app), request_finished.connected_to(finished, app):
        client.get("/")
    assert heard == [("started", True, "/"), ("finished", 200)]


@BOTH
def test_context_variables_set_by_a_hook_are_seen_by_the_view_and_the_other_way_round(app, client, kind):
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []
    other = "async def" if kind == "def" else "def"
    app.before_request(made(kind, lambda: variable.set("hook") and None))

    def view():
        seen.append(variable.get())
        variable.set("view")
        return "answer"

    def after(response):
        seen.append(variable.get())
        variable.set("after")
        return response

    app.add_url_rule("/", "index", made(other, view))
    app.after_request(made(kind, after))
    app.teardown_request(made(other, lambda exc: seen.append(variable.get())))
    client.get("/")
    assert seen == ["hook", "view", "after"]


@BOTH
def test_context_variables_of_one_request_are_not_seen_by_the_next(app, client, kind):
    variable = contextvars.ContextVar("variable", default="unset")

    def view():
        before = variable.get()
        variable.set("set")
        return before

    app.add_url_rule("/", "index", made(kind, view))
    answers = [client.get("/").text for _ in range(4)]
    if client.protocol != "wsgi":  # there the server's thread is the context, as for Flask
        assert answers == ["unset"] * 4


def test_blueprint_hooks_run_for_their_routes_only_and_inside_the_applications(app, client):
    order = []
    room = Blueprint("room", __name__, url_prefix="/room")
    app.before_request(lambda: order.append("app"))
    room.before_request(made("async def", lambda: order.append("room")))
    room.before_app_request(lambda: order.append("room, for all"))
    room.after_request(made("async def", lambda r: order.append("room after") or r))
    app.after_request(lambda r: order.append("app after") or r)
    room.add_url_rule("/", "index", lambda: "room")
    app.register_blueprint(room)
    app.add_url_rule("/", "index", lambda: "app")
    client.get("/")
    assert order == ["app", "room, for all", "app after"]
    order.clear()
    client.get("/room/")
    assert order == ["app", "room, for all", "room", "room after", "app after"]


@BOTH
def test_a_url_value_preprocessor_sees_and_changes_the_values(app, client, kind):
    @app.url_value_preprocessor
    def take(endpoint, values):
        g.language = values.pop("language")

    app.add_url_rule("/<language>/", "index", made(kind, lambda: g.language))
    assert client.get("/en/").text == "en"


@BOTH
@pytest.mark.parametrize("where", ["before", "view", "after"])
def test_abort_works_wherever_code_of_a_request_runs(app, client, kind, where):
    def refuse(*args):
        abort(403)

    if where == "before":
        app.before_request(made(kind, refuse))
    if where == "after":
        app.after_request(made(kind, refuse))
    app.add_url_rule("/", "index", made(kind, refuse if where == "view" else lambda: "answer"))
    # As in Flask, an HTTP error from an after-request function is an error of the application.
    assert client.get("/").status_code == (500 if where == "after" else 403)


@BOTH
def test_the_session_is_saved_after_the_after_request_functions(app, client, kind):
    def count(response):
        session["count"] = session.get("count", 0) + 1
        return response

    app.after_request(made(kind, count))
    app.add_url_rule("/", "index", made(kind, lambda: str(session.get("count", 0))))
    assert [client.get("/").text for _ in range(3)] == ["0", "1", "2"]


def test_ensure_sync_makes_an_async_function_callable_from_sync_code(app, client):
    async def later(word):
        await asyncio.sleep(0)
        return f"{word} {request.path}"

    app.add_url_rule("/", "index", lambda: app.ensure_sync(later)("from"))
    assert client.get("/").text == "from /"


def test_ensure_sync_leaves_a_plain_function_as_it_is(app):
    def plain():
        return 1

    assert app.ensure_sync(plain) is plain


def test_a_response_of_each_kind_is_made_by_both_kinds_of_view(app, client):
    returned = {
        "text": "text",
        "bytes": b"bytes",
        "json": {"a": 1},
        "list": [1, 2],
        "status": ("made", 201),
        "headers": ("headers", {"X-A": "1"}),
        "all": ("all", 202, [("X-A", "1")]),
        "response": app.response_class("response", status=203),
        "wsgi": lambda environ, start_response: start_response("200 OK", []) and None or [b"wsgi"],
    }
    for name, value in returned.items():
        for kind in ("def", "async def"):
            app.add_url_rule(
                f"/{kind[:1]}/{name}", f"{kind[:1]} {name}", made(kind, lambda value=value: value)
            )
    for prefix in "da":
        answers = {name: client.get(f"/{prefix}/{name}") for name in returned}
        assert {name: a.status_code for name, a in answers.items() if a.status_code != 200} == {
            "status": 201,
            "all": 202,
            "response": 203,
        }
        assert answers["json"].json == {"a": 1}
        assert answers["headers"].headers["X-A"] == answers["all"].headers["X-A"] == "1"
        assert answers["wsgi"].data == b"wsgi"


@BOTH
@pytest.mark.parametrize(
    "returned",
    [
        None,
        5,
        1.5,
        (),
        ("a",),
        ("a", 200, {}, 1),
        (5, 200),
        ("a", "b"),
        ("a", {"X-A": "\n"}),
        ("a", [1]),
    ],
    ids=repr,
)
def test_a_value_that_is_no_answer_is_an_error_that_names_the_view(app, client, kind, returned):
    app.testing = True
    app.add_url_rule("/", "index", made(kind, lambda: returned))
    with pytest.raises((TypeError, ValueError)) as raised:
        client.get("/")
    said = [str(raised.value), *getattr(raised.value, "__notes__", ())]
    assert any("The view function for 'index' " in line for line in said)


@BOTH
@pytest.mark.parametrize("empty", ["", {}, []], ids=repr)
def test_a_hook_that_returns_an_empty_answer_has_answered(app, client, kind, empty):
    app.before_request(made(kind, lambda: empty))
    app.add_url_rule("/", "index", lambda: pytest.fail("the view was called"))
    answer = client.get("/")
    assert (answer.status_code, answer.text.strip()) == (200, str(empty))
