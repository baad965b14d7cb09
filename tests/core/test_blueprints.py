"""Blueprints: registered several times, under other names, inside one another."""

from __future__ import annotations

import re

import pytest

from demijohn import Blueprint, Flask, render_template, request, url_for


@pytest.fixture
def room():
    made = Blueprint("room", __name__, url_prefix="/room")

    @made.route("/")
    def index():
        return f"{request.blueprint} {request.endpoint} {url_for('.index')}"

    return made


def test_a_blueprint_prefixes_its_rules_and_endpoints(app, client, room):
    app.register_blueprint(room)
    assert client.get("/room/").text == "room room.index /room/"


def test_a_prefix_given_at_registration_wins(app, client, room):
    app.register_blueprint(room, url_prefix="/other")
    assert client.get("/other/").text == "room room.index /other/"
    assert client.get("/room/").status_code == 404


def test_a_blueprint_can_be_registered_twice_under_two_names(app, client, room):
    app.register_blueprint(room)
    app.register_blueprint(room, name="second", url_prefix="/second")
    assert client.get("/room/").text == "room room.index /room/"
    assert client.get("/second/").text == "second second.index /second/"


def test_a_name_taken_is_an_error_that_says_what_to_do(app, room):
    app.register_blueprint(room)
    with pytest.raises(ValueError, match="already registered for this blueprint.*'name='"):
        app.register_blueprint(room, url_prefix="/second")
    with pytest.raises(ValueError, match="already registered for a different blueprint"):
        app.register_blueprint(Blueprint("room", __name__))


def test_hooks_of_a_blueprint_registered_twice_run_once_per_request(app, client, room):
    calls = []
    room.before_request(lambda: calls.append("own"))
    room.before_app_request(lambda: calls.append("for all"))
    app.register_blueprint(room)
    app.register_blueprint(room, name="second", url_prefix="/second")
    client.get("/second/")
    assert calls == ["for all", "own"]


def test_blueprints_nest_with_their_prefixes_names_and_hooks(app, client):
    order = []
    parent = Blueprint("parent", __name__, url_prefix="/parent")
    child = Blueprint("child", __name__, url_prefix="/child")
    grandchild = Blueprint("grandchild", __name__, url_prefix="/grandchild")
    for made in (parent, child, grandchild):
        made.before_request(lambda name=made.name: order.append(name))
        made.after_request(lambda response, name=made.name: order.append(f"{name} after") or response)
    grandchild.add_url_rule("/", "index", lambda: " ".join([*request.blueprints, url_for(".index")]))
    child.register_blueprint(grandchild)
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    assert client.get("/parent/child/grandchild/").text == (
        "parent.child.grandchild parent.child parent /parent/child/grandchild/"
    )
    assert order == ["parent", "child", "grandchild", "grandchild after", "child after", "parent after"]


def test_the_innermost_error_handler_of_nested_blueprints_answers(app, client):
    parent, child = Blueprint("parent", __name__), Blueprint("child", __name__)
    parent.register_error_handler(ValueError, lambda e: "parent's")
    parent.register_error_handler(KeyError, lambda e: "parent's")
    child.register_error_handler(ValueError, lambda e: "child's")

    @child.route("/<kind>")
    def fail(kind):
        raise {"value": ValueError, "key": KeyError}[kind]

    parent.register_blueprint(child)
    app.register_blueprint(parent)
    assert (client.get("/value").text, client.get("/key").text) == ("child's", "parent's")


def test_url_defaults_of_a_blueprint_reach_its_views(app, client):
    room = Blueprint("room", __name__, url_defaults={"language": "en"})
    room.add_url_rule("/plain", "plain", lambda language: language)
    app.register_blueprint(room, url_defaults={"language": "de"})
    assert client.get("/plain").text == "de"


def test_the_applications_templates_come_before_a_blueprints(app, client, tmp_path):
    for place, name in (("app", "both"), ("room", "both"), ("room", "own")):
        folder = tmp_path / place
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.html").write_text(place)
    app.template_folder = str(tmp_path / "app")
    room = Blueprint("room", __name__, template_folder=str(tmp_path / "room"))
    room.add_url_rule("/<name>", "index", lambda name: render_template(f"{name}.html"))
    app.register_blueprint(room)
    assert (client.get("/both").text, client.get("/own").text) == ("app", "room")


def test_static_files_of_a_blueprint_are_below_its_prefix(app, client, tmp_path):
    (tmp_path / "a.txt").write_text("of the room")
    room = Blueprint(
        "room", __name__, url_prefix="/room", static_folder=str(tmp_path), static_url_path="/files"
    )
    room.add_url_rule("/", "index", lambda: url_for(".static", filename="a.txt"))
    app.register_blueprint(room)
    address = client.get("/room/").text
    assert re.fullmatch(r"/room/files/a\.[0-9a-f]{12}\.txt", address)
    for path in (address, "/room/files/a.txt"):
        assert client.get(path, buffered=True).text == "of the room"


def test_a_name_with_a_dot_is_refused():
    with pytest.raises(ValueError, match="dot"):
        Blueprint("a.b", __name__)


def test_a_blueprint_cannot_be_registered_on_itself(room):
    with pytest.raises(ValueError, match="itself"):
        room.register_blueprint(room)


def test_one_blueprint_serves_two_applications(room, reach):
    for name in ("one", "two"):
        app = Flask(name)
        app.register_blueprint(room, url_prefix=f"/{name}")
        assert reach(app).get(f"/{name}/").text == f"room room.index /{name}/"


def test_recorded_functions_are_told_of_each_registration(app, room):
    seen = []
    room.record(lambda state: seen.append((state.name, state.first_registration)))
    room.record_once(lambda state: seen.append("once"))
    app.register_blueprint(room)
    app.register_blueprint(room, name="again", url_prefix="/again")
    assert seen == [("room", True), "once", ("again", False)]
