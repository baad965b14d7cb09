"""Setting an application up: what is wrong is said at once, with what to do about it."""

from __future__ import annotations

import pytest

from demijohn import Blueprint, Flask, render_template, session
from demijohn.compat import app as compat_app
from demijohn.errors import AsyncUnsupported, LateRegistration


def view():
    return "answer"


LATE = {
    "route": lambda app: app.add_url_rule("/late", "late", view),
    "before_request": lambda app: app.before_request(view),
    "after_request": lambda app: app.after_request(view),
    "teardown_request": lambda app: app.teardown_request(view),
    "teardown_appcontext": lambda app: app.teardown_appcontext(view),
    "context_processor": lambda app: app.context_processor(view),
    "errorhandler": lambda app: app.register_error_handler(404, view),
    "blueprint": lambda app: app.register_blueprint(Blueprint("late", __name__)),
    "filter": lambda app: app.add_template_filter(view),
    "before_serving": lambda app: app.before_serving(view),
    "url_defaults": lambda app: app.url_defaults(view),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_a_registration_after_the_first_request_is_refused_and_the_message_says_what_to_do(app, client, late):
    app.add_url_rule("/", "index", view)
    assert client.get("/").text == "answer"
    with pytest.raises(LateRegistration, match="already handled its first request") as caught:
        late(app)
    assert "before running it" in str(caught.value)
    assert isinstance(caught.value, AssertionError)  # what Flask raises


@pytest.mark.parametrize("kind", ["async", "hooks", "error"])
def test_a_first_request_of_any_kind_freezes(app, client, kind):
    async def later():
        return "answer"

    if kind == "hooks":
        app.before_request(lambda: None)
    app.add_url_rule("/", "index", later if kind == "async" else view)
    client.get("/nowhere" if kind == "error" else "/")
    with pytest.raises(LateRegistration):
        app.add_url_rule("/late", "late", view)


def test_a_registration_on_a_registered_blueprint_is_refused(app):
    room = Blueprint("room", __name__)
    app.register_blueprint(room)
    with pytest.raises(LateRegistration, match="the blueprint 'room'"):
        room.add_url_rule("/late", "late", view)


def test_an_endpoint_of_two_views_is_refused_and_the_message_says_what_to_do(app):
    app.add_url_rule("/one", "index", view)
    with pytest.raises(AssertionError, match="overwriting an existing endpoint function: index") as caught:
        app.add_url_rule("/two", "index", lambda: "other")
    assert "endpoint=" in str(caught.value)


def test_one_view_may_have_several_rules_under_one_endpoint(app, client):
    app.add_url_rule("/one", "index", view)
    app.add_url_rule("/two", "index", view)
    assert client.get("/one").text == client.get("/two").text == "answer"


def test_a_rule_of_two_views_is_refused_and_the_message_names_both(app):
    app.add_url_rule("/same", "first", view)
    with pytest.raises(AssertionError, match="registered twice") as caught:
        app.add_url_rule("/same", "second", lambda: "never")
    assert "'first'" in str(caught.value)
    assert "'second'" in str(caught.value)


def test_a_rule_of_two_views_for_different_methods_is_fine(app, client):
    app.add_url_rule("/same", "first", lambda: "get", methods=["GET"])
    app.add_url_rule("/same", "second", lambda: "post", methods=["POST"])
    assert (client.get("/same").text, client.post("/same").text) == ("get", "post")


def test_a_template_that_does_not_exist_is_named_with_the_folders_searched(app, client):
    app.testing = True
    app.add_url_rule("/", "index", lambda: render_template("missing.html"))
    with pytest.raises(Exception, match="Template 'missing.html' was not found") as caught:
        client.get("/")
    assert "templates" in str(caught.value)
    assert "template_folder" in str(caught.value)


def test_a_session_without_a_key_can_be_read_and_writing_says_what_to_do(reach):
    app = Flask("keyless")
    app.testing = True
    app.add_url_rule("/read", "read", lambda: str(session.get("a")))

    @app.route("/write")
    def write():
        session["a"] = 1
        return "never"

    client = reach(app)
    assert client.get("/read").text == "None"
    with pytest.raises(RuntimeError, match="no secret key was set") as caught:
        client.get("/write")
    assert "secret_key" in str(caught.value)
    assert "secrets.token_hex" in str(caught.value)


def test_a_websocket_handler_must_be_async(app):
    with pytest.raises(TypeError, match="must be an async function") as caught:
        app.add_websocket("/ws", "ws", view)
    assert "async def" in str(caught.value)
    assert "'/ws'" in str(caught.value)


@pytest.mark.parametrize("place", ["url_value_preprocessor", "url_defaults"])
@pytest.mark.parametrize("owner", ["application", "blueprint", "blueprint, for all"])
def test_an_async_function_where_nothing_is_awaited_is_refused_with_what_to_do(app, place, owner):
    async def later(endpoint, values):
        pytest.fail("it was called")

    room = Blueprint("room", __name__)
    register = getattr(app if owner == "application" else room, f"app_{place}" if "all" in owner else place)
    with pytest.raises(AsyncUnsupported, match=place) as caught:
        register(later)
    assert "before_request" in str(caught.value)


def test_methods_given_as_one_string_are_refused(app):
    with pytest.raises(TypeError, match='methods=\\["POST"\\]'):
        app.add_url_rule("/", "index", view, methods="POST")


def test_a_short_form_with_methods_is_refused(app):
    with pytest.raises(TypeError, match="Use the 'route' decorator"):
        app.get("/", methods=["POST"])(view)


def test_an_endpoint_without_a_view_is_an_error_that_says_what_to_do(app, client):
    app.testing = True
    app.add_url_rule("/", "index")
    with pytest.raises(KeyError, match="has no view function"):
        client.get("/")


def test_a_view_can_be_added_under_its_endpoint_later(app, client):
    app.add_url_rule("/", "index")
    app.endpoint("index")(view)
    assert client.get("/").text == "answer"


def test_hooks_added_by_editing_the_tables_count(app, client):
    """Flask's tables are public, and extensions edit them."""
    order = []
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: order.append("hook"))
    app.view_functions["index"] = lambda: "replaced"
    app.url_map.add(app.url_rule_class("/", endpoint="index"))
    assert client.get("/").text == "replaced"
    app.before_request_funcs[None].clear()
    app.view_functions["index"] = lambda: "again"
    assert client.get("/").text == "again"
    assert order == ["hook"]


def test_an_instance_path_must_be_absolute():
    with pytest.raises(ValueError, match="must be absolute"):
        Flask("relative", instance_path="here")


def test_a_module_without_a_file_needs_a_root_path(tmp_path):
    """A namespace package of no folder, say; the message says what to pass."""
    import importlib.machinery
    import sys
    import types

    module = types.ModuleType("made_up")
    module.__spec__ = importlib.machinery.ModuleSpec("made_up", loader=object(), origin=None)
    sys.modules["made_up"] = module
    try:
        with pytest.raises(RuntimeError, match="root_path"):
            Flask("made_up")
        assert Flask("made_up", root_path=str(tmp_path)).root_path == str(tmp_path)
    finally:
        del sys.modules["made_up"]


def test_a_websocket_under_a_server_that_cannot_is_told_what_to_do():
    app = Flask(__name__)

    @app.websocket("/ws")
    async def ws(): ...

    answer = app.test_client().get("/ws", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    assert answer.status_code == 400
    assert "--interface asgi" in answer.text


@pytest.mark.parametrize(
    "decorator", ["route", "get", "post", "put", "patch", "delete", "websocket", "endpoint"]
)
@pytest.mark.parametrize("kind", ["application", "blueprint"])
def test_a_route_without_parentheses_is_refused_and_the_message_shows_how_it_is_written(app, decorator, kind):
    owner = app if kind == "application" else Blueprint("room", __name__)
    with pytest.raises(TypeError, match=rf'@{decorator} of .view.* Write @{decorator}\("') as caught:
        getattr(owner, decorator)(view)
    assert owner.name in str(caught.value)


def test_an_error_handler_without_parentheses_is_refused_and_the_message_shows_how_it_is_written(app):
    with pytest.raises(TypeError, match=r"Write @errorhandler\(404\)"):
        app.errorhandler(view)
    with pytest.raises(TypeError, match=r"Write @app_errorhandler\(404\)"):
        Blueprint("room", __name__).app_errorhandler(view)


@pytest.mark.parametrize("decorator", ["route", "get", "errorhandler"])
def test_compat_is_as_silent_as_flask_about_missing_parentheses(decorator):
    assert callable(getattr(compat_app.Flask(__name__), decorator)(view))


@pytest.mark.parametrize("kind", ["filter", "test", "global"])
def test_what_templates_call_is_registered_without_parentheses_too(app, kind):
    def shout(text):
        return text

    room = Blueprint("room", __name__)
    assert getattr(room, f"app_template_{kind}")(shout) is shout
    app.register_blueprint(room)
    assert getattr(app.jinja_env, f"{kind}s")["shout"] is shout


def test_the_code_of_an_error_handler_is_shown_as_it_was_given_and_how_it_is_written(app):
    with pytest.raises(ValueError, match="^'404' is not a subclass of Exception.* 404, without quotes"):
        app.errorhandler("404")(view)
    with pytest.raises(ValueError, match="^'view' is not"):
        app.register_error_handler(view, view)
