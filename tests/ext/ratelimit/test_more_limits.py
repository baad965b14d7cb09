"""Limits of limits, of applications and blueprints, and what a storage that is gone leaves."""

from __future__ import annotations

import socket
from datetime import datetime

import pytest

from demijohn import Blueprint, Flask, Response, request
from demijohn.ext.ratelimit import (
    ApplicationLimit,
    ExemptionScope,
    HeaderNames,
    Limit,
    Limiter,
    MetaLimit,
    RouteLimit,
    get_remote_address,
)
from demijohn.ext.ratelimit.contrib.util import get_remote_address_cloudflare
from demijohn.ext.rest import Api, Resource


@pytest.fixture(params=["wsgi", "asgi"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def storage() -> str:
    return "memory://"


def statuses(client, path, times, **options):
    return [client.open(path, **options).status_code for _ in range(times)]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_who_reaches_limits_too_often_is_refused_everything_but_what_is_exempt(app, storage, reach):
    limiter = Limiter(
        get_remote_address, app=app, default_limits=["2/second"], meta_limits=["1/hour"], storage_uri=storage,
        on_meta_breach=lambda limit: Response(f"resting: {limit.limit}", 429),
    )  # fmt: skip
    app.add_url_rule("/", "index", lambda: "x")
    app.add_url_rule("/other", "other", lambda: "x")
    app.add_url_rule("/free", "free", limiter.exempt(limiter.limit("9/second")(lambda: "x")))
    client = reach(app)
    assert statuses(client, "/", 3) == [200, 200, 429]
    assert client.get("/other").text == "resting: 1 per 1 hour"
    assert client.get("/free").status_code == 200


def test_a_limit_has_meta_limits_of_its_own(app, limiter, reach):
    slow = limiter.limit("1/second", meta_limits=[MetaLimit("1/hour", key_function=lambda: "all")])
    app.add_url_rule("/a", "a", slow(lambda: "x"))
    app.add_url_rule("/b", "b", lambda: "x")
    client = reach(app)
    assert statuses(client, "/a", 2) == [200, 429]
    assert "1 per 1 hour" in client.get("/a").text
    assert client.get("/b").status_code == 200


def test_limits_that_stand_on_each_other_are_counted_together(app, limiter, reach):
    view = limiter.limit("5/minute", key_func=lambda: "all")(limiter.limit("1/minute")(lambda: "x"))
    app.add_url_rule("/", "index", view)
    client = reach(app)
    assert statuses(client, "/", 4) == [200, 429, 429, 429]
    with app.test_request_context("/"):
        assert limiter.limiter.get_window_stats(view_limit("5/minute"), "all/index").remaining == 4


def view_limit(text):
    (item,) = Limit(text).items()
    return item


def test_all_limits_are_counted_where_the_first_breach_is_not_the_last(app, storage, reach):
    found = []
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, fail_on_first_breach=False)
    view = limiter.limit("1/second")(limiter.limit("3/hour")(lambda: "x"))
    app.add_url_rule("/", "index", view)

    @app.after_request
    def note(response):
        found.append([limit.breached for limit in limiter.current_limits])
        return response

    client = reach(app)
    statuses(client, "/", 4)
    assert found == [[False, False], [True, False], [True, False], [True, True]]


@pytest.mark.parametrize("first", ["limiter", "api"])
def test_default_limits_hold_for_resources_whichever_was_made_first(app, storage, reach, first):
    made = {
        "limiter": lambda: Limiter(
            get_remote_address, app=app, default_limits=["1/hour"], storage_uri=storage
        ),
        "api": lambda: Api(app),
    }
    api = [made[name]() for name in (first, *({"limiter", "api"} - {first}))][first == "limiter"]

    class Rack(Resource):
        def get(self):
            return "rack"

    api.add_resource(Rack, "/rack")
    api.get("/typed")(typed)
    app.add_url_rule("/plain", "plain", lambda: "x")
    client = reach(app)
    for path in ("/rack", "/typed", "/plain"):
        assert statuses(client, path, 2) == [200, 429], path


def typed(number: int = 1) -> int:
    return number


def test_the_default_holds_for_the_methods_that_a_limit_of_the_view_leaves(app, storage, reach):
    limiter = Limiter(get_remote_address, app=app, default_limits=["1/hour"], storage_uri=storage)
    view = limiter.limit("3/hour", methods=["POST"])(lambda: "x")
    app.add_url_rule("/", "index", view, methods=["GET", "POST"])
    client = reach(app)
    assert statuses(client, "/", 2) == [200, 429]
    assert statuses(client, "/", 4, method="POST") == [200, 200, 200, 429]


def test_what_default_and_application_limits_take(app, storage, reach):
    limiter = Limiter(
        get_remote_address, app=app, storage_uri=storage, default_limits=["2/hour"],
        default_limits_per_method=True, default_limits_exempt_when=lambda: "inside" in request.args,
        default_limits_cost=lambda: 2 if "dear" in request.args else 1,
        default_limits_deduct_when=lambda response: response.status_code == 200,
        application_limits=[ApplicationLimit("50/hour")],
    )  # fmt: skip
    app.add_url_rule("/", "index", lambda: "x", methods=["GET", "POST"])
    client = reach(app)
    assert statuses(client, "/?inside=1", 4) == [200] * 4
    assert statuses(client, "/", 3) == [200, 200, 429]
    assert statuses(client, "/?dear=1", 2, method="POST") == [200, 429]
    with app.test_request_context("/"):
        left = limiter.limiter.get_window_stats(view_limit("50/hour"), "127.0.0.1/global").remaining
    assert left == 50 - 7 - 2


def test_flags_say_which_limits_a_blueprint_is_taken_out_of(app, storage, reach):
    limiter = Limiter(
        get_remote_address, app=app, storage_uri=storage, default_limits=["1/hour"],
        application_limits=["3/hour"],
    )  # fmt: skip
    parent, child = Blueprint("parent", __name__), Blueprint("child", __name__)
    parent.add_url_rule("/parent", "view", lambda: "x")
    child.add_url_rule("/child", "view", lambda: "x")
    parent.register_blueprint(child)
    limiter.limit("2/hour")(parent)
    limiter.exempt(child, flags=ExemptionScope.ANCESTORS | ExemptionScope.APPLICATION)
    app.register_blueprint(parent)
    client = reach(app)
    assert statuses(client, "/parent", 3) == [200, 200, 429]
    assert statuses(client, "/child", 2) == [200, 429]  # its parent's limit is not its own: the default is


@pytest.mark.parametrize("limits", [None, ["1/hour"]])
def test_while_the_storage_is_gone_is_counted_in_memory(app, reach, limits):
    limiter = Limiter(
        get_remote_address, app=app, storage_uri=f"redis://127.0.0.1:{free_port()}", default_limits=["2/hour"],
        in_memory_fallback=limits, in_memory_fallback_enabled=True, headers_enabled=True,
    )  # fmt: skip
    app.add_url_rule("/", "index", lambda: "x")
    assert limiter.storage.check() is False
    assert statuses(reach(app), "/", 3) == ([200, 200, 429] if limits is None else [200, 429, 429])


def test_callbacks_that_fail_are_errors_unless_they_are_swallowed(app, storage, reach, caplog):
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, swallow_errors=True)
    app.add_url_rule("/", "index", limiter.limit("1/hour", on_breach=lambda limit: 1 / 0)(lambda: "x"))
    assert statuses(reach(app), "/", 2) == [200, 429]
    assert "division by zero" in caplog.text


def test_header_fields_by_name_and_as_dates(app, storage, reach):
    Limiter(
        get_remote_address, app=app, storage_uri=storage, default_limits=["5/hour"], headers_enabled=True,
        header_name_mapping={HeaderNames.LIMIT: "X-Most"}, retry_after="http-date",
    )  # fmt: skip
    app.add_url_rule("/", "index", lambda: "x")
    app.add_url_rule("/later", "later", lambda: ("", 200, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}))
    client = reach(app)
    headers = client.get("/").headers
    assert (headers["X-Most"], headers["X-RateLimit-Remaining"]) == ("5", "4")
    assert datetime.strptime(headers["Retry-After"], "%a, %d %b %Y %H:%M:%S GMT").year < 2100
    assert client.get("/later").headers["Retry-After"] == "Fri, 01 Jan 2100 00:00:00 GMT"


def test_routes_with_one_identity_share_their_count(app, storage, reach):
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, request_identifier=lambda: "one")
    for name in ("a", "b"):
        app.add_url_rule(f"/{name}", name, RouteLimit("1/hour", limiter=limiter)(lambda: "x"))
    client = reach(app)
    assert [client.get("/a").status_code, client.get("/b").status_code] == [200, 429]


def test_the_address_that_cloudflare_names():
    app = Flask("x")
    with app.test_request_context("/", headers={"CF-Connecting-IP": "192.0.2.7"}):
        assert get_remote_address_cloudflare() == "192.0.2.7"


def test_a_name_of_the_count_is_the_one_of_the_storage(app, limiter, reach):
    reached = []
    app.add_url_rule("/", "index", limiter.limit("1/hour", on_breach=reached.append)(lambda: "x"))
    statuses(reach(app), "/", 2)
    assert [limit.key for limit in reached] == ["LIMITER/127.0.0.1/index/1/1/hour"]
