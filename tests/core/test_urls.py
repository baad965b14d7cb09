"""url_for: every option, in and outside of requests, and what happens when no rule fits."""

from __future__ import annotations

import pytest
from werkzeug.routing import BuildError

from demijohn import Blueprint, Flask, g, url_for


@pytest.fixture
def site(app):
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/bottle/<int:number>", "bottle", lambda number: "bottle")
    app.add_url_rule("/item", "item", lambda: "get", methods=["GET"])
    return app


CASES = [
    (("index",), {}, "/"),
    (("bottle",), {"number": 3}, "/bottle/3"),
    (("bottle",), {"number": 3, "word": "a b", "more": ["x", "y"]}, "/bottle/3?word=a+b&more=x&more=y"),
    (("bottle",), {"number": 3, "none": None}, "/bottle/3"),
    (("index",), {"_anchor": "a b/é<"}, "/#a%20b/%C3%A9%3C"),
    (("index",), {"_external": True}, "http://own.example/"),
    (("index",), {"_scheme": "https"}, "https://own.example/"),
    (("index",), {"_external": True, "_scheme": "https", "_anchor": "x"}, "https://own.example/#x"),
    (("index",), {"_external": True, "_scheme": ""}, "//own.example/"),
]


@pytest.mark.parametrize(("args", "options", "url"), CASES)
def test_a_url_in_a_request(site, args, options, url):
    with site.test_request_context("/", base_url="http://own.example"):
        assert url_for(*args, **options) == url


@pytest.mark.parametrize(("args", "options", "url"), CASES)
def test_a_url_below_a_mount_point_has_it(site, args, options, url):
    with site.test_request_context("/", base_url="http://own.example/mounted"):
        mounted = url.replace("own.example/", "own.example/mounted/") if "//" in url else f"/mounted{url}"
        assert url_for(*args, **options) == mounted


@pytest.mark.parametrize("number", ["three", None], ids=str)
def test_a_value_the_converter_does_not_take_is_an_error(site, number):
    with site.test_request_context("/"), pytest.raises((BuildError, ValueError, TypeError)):
        url_for("bottle", number=number)


def test_a_scheme_without_external_is_refused(site):
    with site.test_request_context("/"), pytest.raises(ValueError, match="'_external' must be True"):
        url_for("index", _scheme="https", _external=False)


def test_outside_of_requests_a_url_needs_the_servers_name(site):
    with site.app_context(), pytest.raises(RuntimeError, match="'SERVER_NAME'"):
        url_for("index")


def test_outside_of_requests_a_url_is_external(site):
    site.config.update(
        SERVER_NAME="cellar.example:8080", APPLICATION_ROOT="/app", PREFERRED_URL_SCHEME="https"
    )
    with site.app_context():
        assert url_for("bottle", number=1, _anchor="x") == "https://cellar.example:8080/app/bottle/1#x"
        assert url_for("index", _external=False) == "/app/"


def test_one_endpoint_of_several_rules_is_built_by_method(app):
    app.add_url_rule("/read", "thing", lambda: "x", methods=["GET"])
    app.add_url_rule("/write", "thing", app.view_functions["thing"], methods=["POST"])
    with app.test_request_context("/"):
        assert url_for("thing", _method="GET") == "/read"
        assert url_for("thing", _method="POST") == "/write"


def test_the_rule_that_takes_the_values_is_chosen(app):
    def pages(page=None):
        return "pages"

    app.add_url_rule("/pages/", "pages", pages, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", pages)
    with app.test_request_context("/"):
        assert url_for("pages", page=1) == "/pages/"
        assert url_for("pages", page=2) == "/pages/2"


def test_url_defaults_add_values(app, client):
    @app.url_value_preprocessor
    def take(endpoint, values):
        g.language = values.pop("language", None)

    @app.url_defaults
    def give(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "language"):
            values.setdefault("language", g.language)

    app.add_url_rule("/<language>/", "index", lambda: f"{url_for('about')} {url_for('index', language='de')}")
    app.add_url_rule("/<language>/about", "about", lambda: "about")
    assert client.get("/en/").text == "/en/about /de/"


def test_url_defaults_of_a_blueprint_apply_to_its_endpoints_only(app):
    room = Blueprint("room", __name__, url_prefix="/room")
    room.url_defaults(lambda endpoint, values: values.setdefault("from", "room"))
    room.add_url_rule("/", "index", lambda: "room")
    app.register_blueprint(room)
    app.add_url_rule("/", "index", lambda: "app")
    with app.test_request_context("/"):
        assert (url_for("room.index"), url_for("index")) == ("/room/?from=room", "/")


def test_an_endpoint_that_is_not_there_is_an_error_that_names_it(site):
    with site.test_request_context("/"), pytest.raises(BuildError, match="'botle'.*Did you mean 'bottle'"):
        url_for("botle")


def test_a_build_error_handler_may_answer(site):
    asked = []

    def handler(error, endpoint, values):
        asked.append((endpoint, values["a"], values["_anchor"]))
        return f"/elsewhere/{endpoint}"

    site.url_build_error_handlers.append(lambda *args: None)
    site.url_build_error_handlers.append(handler)
    with site.test_request_context("/"):
        assert url_for("missing", a=1, _anchor="x") == "/elsewhere/missing"
    assert asked == [("missing", 1, "x")]


def test_a_build_error_handler_may_give_up(site):
    def handler(error, endpoint, values):
        raise error

    site.url_build_error_handlers.append(handler)
    with site.test_request_context("/"), pytest.raises(BuildError):
        url_for("missing")


def test_url_for_of_the_application_needs_no_context(site):
    site.config["SERVER_NAME"] = "cellar.example"
    assert site.url_for("index") == "http://cellar.example/"


def test_an_external_url_has_the_host_of_the_request(site, client):
    site.add_url_rule("/where", "where", lambda: url_for("index", _external=True))
    assert client.get("/where", base_url="https://own.example:8443").text == "https://own.example:8443/"


def test_subdomains_are_matched_and_built(reach):
    app = Flask("subs", subdomain_matching=True)
    app.config["SERVER_NAME"] = "cellar.example"
    app.add_url_rule("/", "main", lambda: url_for("user", name="ada"))
    app.add_url_rule("/", "user", lambda name: f"{name} {url_for('main')}", subdomain="<name>")
    client = reach(app)
    assert client.get("/", base_url="http://cellar.example").text == "http://ada.cellar.example/"
    assert client.get("/", base_url="http://ada.cellar.example").text == "ada http://cellar.example/"


def test_hosts_are_matched_and_built(reach):
    app = Flask("hosts", host_matching=True, static_folder=None)
    app.add_url_rule("/", "one", lambda: "one", host="one.example")
    app.add_url_rule("/", "two", lambda: url_for("one"), host="two.example")
    client = reach(app)
    assert client.get("/", base_url="http://one.example").text == "one"
    assert client.get("/", base_url="http://two.example").text == "http://one.example/"
    assert client.get("/", base_url="http://three.example").status_code == 404
