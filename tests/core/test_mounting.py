"""Applications below a prefix of another: routes, addresses, sessions, errors, start and stop, by three protocols."""

from __future__ import annotations

import asyncio
import gc
from typing import Any
from weakref import ref

import pytest
from werkzeug.routing import BuildError

from demijohn import Flask, Policy, g, redirect, request, session, url_for
from demijohn.compat.app import Flask as CompatFlask
from demijohn.errors import LateRegistration

KEY = "a key for tests that nobody else uses 0123456789"


def made(name: str, cls: type[Flask] = Flask, **settings: Any) -> Flask:
    app = cls(name, static_folder=None)
    app.config.update(SECRET_KEY=KEY, SESSION_COOKIE_SECURE=False, **settings)
    return app


def wsgi_guest(environ, start_response):
    if environ["PATH_INFO"] == "/fails":
        raise LookupError("the guest's own")
    size = 0
    while chunk := environ["wsgi.input"].read(5000):
        size += len(chunk)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}|".encode(), str(size).encode()]


async def asgi_guest(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"].endswith("/fails"):
        raise LookupError("the guest's own")
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    inside = scope["path"].removeprefix(scope["root_path"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send(
        {"type": "http.response.body", "body": f"{scope['root_path']}|{inside}|".encode(), "more_body": True}
    )
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture
def app(app: Flask) -> Flask:
    """A root with a catch-all route, an old application, a shop inside of that, and two applications of others."""
    old, shop = made("old_app"), made("shop_app")

    @app.get("/")
    def index():
        return "root"

    @app.get("/<path:anything>")
    def anything(anything):
        return f"root has {anything}"

    @app.get("/bottles/<int:id>")
    def own(id):
        return f"root's {id}"

    @old.get("/", endpoint="index")
    def old_index():
        return f"{request.root_path}|{request.path}|{request.url}"

    @old.route("/bottles/<int:id>", methods=["GET", "POST"])
    def bottle(id):
        return f"{id} {len(request.data)}"

    @old.get("/go")
    def go():
        return redirect(url_for("bottle", id=3))

    @old.get("/links")
    def links():
        return [
            url_for(":index"),
            url_for(":old:bottle", id=1),
            url_for("bottle", id=2),
            url_for("shop:index"),
        ]

    @old.get("/remember")
    def remember():
        session["old"] = True
        return ""

    @old.get("/fails")
    def fails():
        raise LookupError("the old one's")

    @shop.get("/", endpoint="index")
    def shop_index():
        return [url_for(":index"), url_for(":old:index"), url_for("index")]

    old.mount("/shop", shop, name="shop")
    app.mount("/old", old, name="old")
    app.mount("/wsgi", wsgi_guest)
    app.mount("/deep/asgi", asgi_guest, name="asgi")
    return app


def old_of(app: Flask) -> Flask:
    guest: Flask = app.mounts["old"].guest
    return guest


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", "root"),
        ("/old/", "/old|/|http://localhost/old/"),
        ("/old/bottles/7", "7 0"),
        ("/bottles/7", "root's 7"),
        ("/oldest", "root has oldest"),
        ("/older/x", "root has older/x"),
        ("/deep", "root has deep"),
        ("/deep/other", "root has deep/other"),
        ("/wsgi/a/b", "/wsgi|/a/b|0"),
        ("/deep/asgi/a", "/deep/asgi|/a|0"),
        ("/wsgi//a", "/wsgi|//a|0"),
    ],
)
def test_the_longest_prefix_that_ends_at_a_slash_decides(client, path, body):
    assert client.get(path).text == body


@pytest.mark.parametrize("prefix", ["/old", "/old/shop", "/wsgi", "/deep/asgi"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_bare_prefix_leads_to_what_is_below_it(client, prefix, method):
    response = client.open(f"{prefix}?a=1&b=%2F", method=method)
    assert (response.status_code, response.location) == (308, f"{prefix}/?a=1&b=%2F")


@pytest.mark.parametrize("path", ["/old/bottles/1", "/wsgi/x", "/deep/asgi/x"])
def test_bodies_arrive_whole(client, path):
    assert client.post(path, data=b"x" * 300_000).text.rpartition("|")[2].endswith("300000")


def test_addresses_lead_from_one_application_to_another(app, client):
    assert client.get("/old/links").json == ["/", "/old/bottles/1", "/old/bottles/2", "/old/shop/"]
    assert client.get("/old/shop/").json == ["/", "/old/", "/old/shop/"]
    with app.test_request_context():
        assert url_for("old:bottle", id=3) == "/old/bottles/3"
        assert url_for("old:shop:index", _anchor="top") == "/old/shop/#top"
        assert url_for("old:/assets/x y.css", v=1) == "/old/assets/x%20y.css?v=1"
        assert url_for("wsgi:/x") == "/wsgi/x"
        assert url_for("old:bottle", id=3, _external=True) == "http://localhost/old/bottles/3"
        assert url_for("old:/x", _external=True, _scheme="https") == "https://localhost/old/x"


def test_all_stands_below_a_prefix_of_the_servers_own(client):
    base = "http://localhost/srv/"
    assert client.get("/old/links", base_url=base).json[:2] == ["/srv/", "/srv/old/bottles/1"]
    assert client.get("/old/", base_url=base).text == "/srv/old|/|http://localhost/srv/old/"
    assert client.get("/old/go", base_url=base).location == "/srv/old/bottles/3"
    assert client.get("/old", base_url=base).location == "/srv/old/"
    assert client.get("/wsgi/a", base_url=base).text == "/srv/wsgi|/a|0"
    assert client.get("/deep/asgi/a", base_url=base).text == "/srv/deep/asgi|/a|0"
    assert "Path=/srv/old;" in client.get("/old/remember", base_url=base).headers["Set-Cookie"]


def test_an_endpoint_that_is_not_there_is_an_error_that_says_what_is(app):
    with app.test_request_context():
        with pytest.raises(
            BuildError, match="no application is mounted as 'odl' in 'core', but 'old', 'wsgi'"
        ):
            url_for("odl:bottle")
        with pytest.raises(
            BuildError, match=r"no endpoints that are known here. Give its path: url_for\('wsgi:/path'\)"
        ):
            url_for("wsgi:bottle")
        with pytest.raises(BuildError, match="bottel"):
            url_for("old:bottel")


def test_url_defaults_are_those_of_the_application_that_is_named(app):
    app.url_defaults(lambda endpoint, values: values.setdefault("lang", "en"))
    old_of(app).url_defaults(lambda endpoint, values: values.setdefault("vintage", 1990))
    with app.test_request_context():
        assert url_for("old:bottle", id=3) == "/old/bottles/3?vintage=1990"


def test_addresses_outside_of_requests_are_below_the_root(app):
    app.config["SERVER_NAME"] = "cellar.example"
    with app.app_context():
        assert url_for("old:bottle", id=3) == "http://cellar.example/old/bottles/3"
    with old_of(app).app_context():
        assert url_for("bottle", id=3) == "http://cellar.example/old/bottles/3"
        assert url_for(":index") == "http://cellar.example/"


def test_a_mounted_applications_cookie_has_its_place_as_path(client):
    assert "Path=/old;" in client.get("/old/remember").headers["Set-Cookie"]


def test_unless_its_path_is_set(app, client):
    old_of(app).config["SESSION_COOKIE_PATH"] = "/"
    assert "Path=/;" in client.get("/old/remember").headers["Set-Cookie"]


def test_the_hooks_and_pages_are_those_of_the_mounted_application(app, client):
    seen = []
    app.before_request(lambda: seen.append("root"))
    app.errorhandler(404)(lambda e: ("root's page", 404))
    old_of(app).before_request(lambda: seen.append("old"))
    old_of(app).errorhandler(404)(lambda e: ("old's page", 404))
    assert client.get("/old/no/such/page").text == "old's page"
    assert seen == ["old"]


def test_what_a_foreign_application_lets_through_is_the_roots_500(app, client, caplog):
    app.errorhandler(500)(lambda e: (f"sorry for {type(e.original_exception).__name__}", 500))
    for path in ("/wsgi/fails", "/deep/asgi/fails"):
        caplog.clear()
        response = client.get(path)
        assert (response.status_code, response.text) == (500, "sorry for LookupError")
        assert "the guest's own" in caplog.text
        assert f"Exception on {path} [GET]" in caplog.text


def test_an_error_of_a_mounted_application_of_ours_is_its_own(app, client):
    old_of(app).errorhandler(LookupError)(lambda e: ("old knows", 418))
    assert client.get("/old/fails").text == "old knows"


def test_in_debug_mode_what_a_foreign_application_raises_is_shown(app, client):
    app.debug = True
    app.debug_page = lambda app, ctx, error: app.response_class(f"page: {error!r}", 500)
    assert "the guest's own" in client.get("/wsgi/fails").text


@pytest.mark.parametrize("late", ["start", "part"])
def test_a_wsgi_body_may_start_late_and_fail_before_its_first_part(app, reach, late):
    def guest(environ, start_response):
        if late == "part":
            raise LookupError("no part")
        start_response("201 CREATED", [("Content-Type", "text/plain")])
        yield b""
        yield b"late"

    app.mount("/late", guest, interface="wsgi")
    response = reach(app).get("/late/x")
    assert response.status_code == (201 if late == "start" else 500)
    if late == "start":
        assert response.text == "late"


def test_write_of_start_response_counts(app, reach):
    def guest(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])(b"written ")
        return [b"and returned"]

    app.mount("/write", guest)
    assert reach(app).get("/write/").text == "written and returned"


def test_a_guests_views_see_their_own_application(app, client):
    @old_of(app).before_request
    def note():
        g.seen = 1

    @app.before_request
    def other():
        g.seen = 2

    old_of(app).add_url_rule("/g", view_func=lambda: str(g.seen), endpoint="g")
    assert client.get("/old/g").text == "1"


def test_a_path_beyond_ascii_is_a_prefix_like_any(app, reach):
    app.mount("/käse", wsgi_guest, name="cheese")
    client = reach(app)
    assert client.get("/käse/a").text.endswith("|/a|0")
    with app.test_request_context():
        assert url_for("cheese:/a") == "/k%C3%A4se/a"


def test_with_host_matching_mounts_are_found_too(reach):
    app = Flask("hosts", static_folder=None, host_matching=True)
    app.add_url_rule("/<path:p>", view_func=lambda p: "root", host="localhost", endpoint="all")
    app.mount("/wsgi", wsgi_guest)
    client = reach(app)
    assert (client.get("/wsgi/a").text, client.get("/b").text) == ("/wsgi|/a|0", "root")


def test_an_application_written_for_flask_is_mounted_as_it_is(app, reach):
    flask = made("legacy", CompatFlask)
    flask.add_url_rule("/x/<int:n>", view_func=lambda n: url_for("x", n=n), endpoint="x")
    app.mount("/legacy", flask, name="legacy")
    assert reach(app).get("/legacy/x/4").text == "/legacy/x/4"


def test_middleware_around_the_root_sees_what_is_mounted(app, reach):
    inner = app.wsgi_app

    def around(environ, start_response):
        environ["HTTP_X_SEEN"] = "1"
        return inner(environ, start_response)

    app.wsgi_app = around  # type: ignore[method-assign]
    old_of(app).add_url_rule("/seen", view_func=lambda: request.headers["X-Seen"], endpoint="seen")
    client = reach(app)
    assert client.get("/old/seen").text == "1"
    assert client.get("/deep/asgi/a").text == "/deep/asgi|/a|0"


def test_what_trusted_proxies_say_is_known_below_and_not_taken_twice(reach):
    root, inner = made("root", TRUSTED_PROXIES=1), made("inner", TRUSTED_PROXIES=1)
    inner.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.url}", endpoint="index")
    root.mount("/in", inner)
    headers = {
        "X-Forwarded-For": "10.0.0.9, 192.0.2.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example",
    }  # fmt: skip
    assert reach(root).get("/in/", headers=headers).text == "192.0.2.1 https://shop.example/in/"


# What is refused.


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ("old2", "begin with a slash"), ("/", "all of the site"), ("", "begin with a slash"),
        ("/a//b", "no client asks"), ("/a/../b", "no client asks"), ("/<name>", "without variable parts"),
    ],
)  # fmt: skip
def test_a_prefix_that_is_none_is_refused(app, prefix, reason):
    with pytest.raises(ValueError, match=reason):
        app.mount(prefix, made("x"), name="x")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a:b", "without a colon"), ("old", "taken by what is mounted at /old"), ("", "without a colon")],
)
def test_a_name_that_cannot_be_told_is_refused(app, name, reason):
    with pytest.raises(ValueError, match=reason):
        app.mount("/new", made("x"), name=name)


def test_a_prefix_is_mounted_once(app):
    with pytest.raises(ValueError, match="an application mounted at /old already"):
        app.mount("/old/", made("x"), name="x")


@pytest.mark.parametrize("rule", ["/old", "/old/", "/old/x", "/old/<int:id>"])
def test_a_route_below_a_prefix_is_refused_whichever_comes_first(app, rule):
    with pytest.raises(ValueError, match="would never be asked for"):
        app.add_url_rule(rule, view_func=lambda **_: "", endpoint="x")
    other = made("other")
    other.add_url_rule(rule, view_func=lambda **_: "", endpoint="x")
    with pytest.raises(ValueError, match="would never be asked for"):
        other.mount("/old", made("x"))


def test_nothing_is_mounted_once_requests_are_served(app, client):
    client.get("/")
    with pytest.raises(LateRegistration):
        app.mount("/late", made("x"))


def test_an_application_is_not_mounted_inside_of_itself_nor_in_two(app):
    with pytest.raises(ValueError, match="inside of itself"):
        old_of(app).mount("/root", app)
    with pytest.raises(ValueError, match="already"):
        made("another").mount("/old", old_of(app))


def test_what_is_no_application_is_refused(app):
    with pytest.raises(ValueError, match="neither an application"):
        app.mount("/x", object())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"interface='wsgi'\) or 'asgi'"):
        app.mount("/x", lambda *args: None)
    with pytest.raises(ValueError, match="'wsgi' or 'asgi', not 'rsgi'"):
        app.mount("/x", wsgi_guest, interface="rsgi")  # type: ignore[arg-type]


# Start and stop.


def lifespan_guest(events, name, fails=""):
    async def guest(scope, receive, send):
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = name
            while True:
                phase = (await receive())["type"].removeprefix("lifespan.")
                events.append(f"{name} {phase}")
                if fails == phase:
                    await send({"type": f"lifespan.{phase}.failed", "message": "no database"})
                    return
                await send({"type": f"lifespan.{phase}.complete"})
                if phase == "shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["state"]["pool"].encode()})

    return guest


def with_events(events, fails=""):
    root, inner = made("root"), made("inner")
    for app, name in ((root, "root"), (inner, "inner")):
        app.before_serving(lambda name=name: events.append(f"{name} startup"))
        app.after_serving(lambda name=name: events.append(f"{name} shutdown"))
    root.mount("/first", lifespan_guest(events, "first"))
    root.mount("/inner", inner)
    root.mount("/last", lifespan_guest(events, "last", fails))
    root.add_url_rule("/", view_func=lambda: "", endpoint="index")
    return root


def test_all_start_in_order_and_stop_in_reverse(reach):
    events: list[str] = []
    with reach(with_events(events), lifespan=True) as client:
        assert client.get("/first/x").text == "first"
        assert events == ["root startup", "first startup", "inner startup", "last startup"]
        events.clear()
    assert events == ["last shutdown", "inner shutdown", "first shutdown", "root shutdown"]


def test_one_that_fails_stops_the_start(protocol):
    events: list[str] = []
    app = with_events(events, fails="startup")
    if protocol == "wsgi":
        with pytest.raises(Exception, match="no database"):
            app.lifecycle.start_sync()
    else:
        with pytest.raises(Exception, match="no database"):
            asyncio.run(app.lifecycle.startup())
    assert events == [
        "root startup", "first startup", "inner startup", "last startup", "inner shutdown", "first shutdown",
    ]  # fmt: skip


def test_a_guest_that_knows_no_lifespan_is_let_be(app, client):
    with client:
        assert client.get("/deep/asgi/x").status_code == 200


def test_what_is_asynchronous_asks_for_a_server_that_is(app):
    assert app.has_async
    plain = made("plain")
    plain.mount("/wsgi", wsgi_guest)
    assert not plain.has_async


def test_an_application_that_nobody_keeps_goes_with_what_is_mounted_in_it():
    root = made("root")
    root.mount("/inner", made("inner"))
    gone = ref(root)
    del root
    gc.collect()
    assert gone() is None


def test_a_context_made_by_hand_for_a_mounted_path_has_no_route(app):
    with app.test_request_context("/old/bottles/3"):
        assert request.url_rule is None
        assert request.routing_exception is not None


def test_a_root_route_pays_nothing_for_what_is_mounted_beside_it():
    def calls(app):
        import sys

        app.add_url_rule("/wine/<int:id>", view_func=lambda id: "x", endpoint="wine")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/wine/3", "HTTP_HOST": "localhost", "wsgi.url_scheme": "http",
            "SERVER_PROTOCOL": "HTTP/1.1",
        }  # fmt: skip
        for _ in range(3):
            app(environ.copy(), lambda *args: None)
        seen = []
        sys.setprofile(lambda frame, event, arg: seen.append(event))
        try:
            app(environ.copy(), lambda *args: None)
        finally:
            sys.setprofile(None)
        return len(seen)

    alone, beside = made("alone"), made("beside")
    beside.mount("/old", made("inner"))
    beside.mount("/w", wsgi_guest)
    assert calls(beside) == calls(alone)
    assert isinstance(alone.policy, Policy)
