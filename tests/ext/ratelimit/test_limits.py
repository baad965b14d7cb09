"""What views are held to, whoever asks, over each protocol and by each storage."""

from __future__ import annotations

import pytest

from demijohn import Blueprint, Flask, abort, request
from demijohn.ext.ratelimit import Limit, Limiter, RateLimitExceeded, get_remote_address
from demijohn.views import MethodView


def statuses(client, path, times, **options):
    return [client.open(path, **options).status_code for _ in range(times)]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_one_request_too_many_is_a_429_that_says_when_to_come_again(app, limiter, client, kind):
    ran = []

    def sync():
        ran.append(1)
        return "in"

    async def view():
        return sync()

    app.add_url_rule(
        "/login", "login", limiter.limit("2/minute")(view if kind == "async" else sync), methods=["POST"]
    )
    assert statuses(client, "/login", 3, method="POST") == [200, 200, 429]
    answer = client.post("/login")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert "2 per 1 minute" in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(ran) == 2


def test_a_client_that_prefers_json_gets_a_problem(app, limiter, client):
    app.add_url_rule("/", "index", limiter.limit("1/minute")(lambda: "x"))
    client.get("/")
    assert client.get("/", headers={"Accept": "application/json"}).json["status"] == 429


def test_each_view_has_the_default_by_itself_unless_it_has_its_own(app, storage, reach):
    limiter = Limiter(get_remote_address, app=app, default_limits=["2/minute"], storage_uri=storage)
    app.add_url_rule("/a", "a", lambda: "a")
    app.add_url_rule("/b", "b", lambda: "b")
    app.add_url_rule("/more", "more", limiter.limit("3/minute")(lambda: "x"))
    app.add_url_rule("/both", "both", limiter.limit("3/minute", override_defaults=False)(lambda: "x"))
    app.add_url_rule("/free", "free", limiter.exempt(lambda: "x"))
    client = reach(app)
    assert statuses(client, "/a", 3) == statuses(client, "/b", 3) == [200, 200, 429]
    assert statuses(client, "/more", 4) == [200, 200, 200, 429]
    assert statuses(client, "/both", 3) == [200, 200, 429]
    assert statuses(client, "/free", 5) == [200] * 5


def test_limits_by_settings(app, reach):
    app.config.update(RATELIMIT_DEFAULT="1/minute;10/hour", RATELIMIT_APPLICATION="3/minute")
    limiter = Limiter(get_remote_address)
    limiter.init_app(app)
    for name in "abcd":
        app.add_url_rule(f"/{name}", name, lambda: "x")
    client = reach(app)
    assert statuses(client, "/a", 2) == [200, 429]
    assert [client.get(f"/{name}").status_code for name in "bcd"] == [200, 429, 429]


def test_a_made_up_x_forwarded_for_escapes_nothing(app, limiter, client):
    """flask-limiter#41: who counts by a header that anybody can send counts nobody."""
    app.add_url_rule("/", "index", limiter.limit("2/minute")(get_remote_address))
    seen = [client.get("/", headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(4)]
    assert [answer.status_code for answer in seen] == [200, 200, 429, 429]


def test_behind_a_trusted_proxy_each_client_is_counted(app, limiter, client):
    app.config["TRUSTED_PROXIES"] = 1
    app.add_url_rule("/", "index", limiter.limit("1/minute")(lambda: "x"))
    for address in ("10.0.0.1", "10.0.0.2"):
        fields = {"X-Forwarded-For": f"6.6.6.6, {address}"}
        assert statuses(client, "/", 2, headers=fields) == [200, 429]
        # What stands to the left of what the proxy said, the client may have made up.
        assert statuses(client, "/", 1, headers={"X-Forwarded-For": f"7.7.7.7, {address}"}) == [429]


def test_clients_are_told_apart_as_the_application_says(app, limiter, client):
    key = lambda: request.headers.get("X-User", "")  # noqa: E731
    app.add_url_rule("/", "index", limiter.limit("1/minute", key_func=key)(lambda: "x"))
    for user in ("one", "two"):
        assert statuses(client, "/", 2, headers={"X-User": user}) == [200, 429]


def test_methods_costs_and_exceptions(app, limiter, client):
    add = app.add_url_rule
    add("/m", "m", limiter.limit("1/minute", methods=["POST"])(lambda: "x"), methods=["GET", "POST"])
    add("/per", "per", limiter.limit("1/minute", per_method=True)(lambda: "x"), methods=["GET", "POST"])
    add("/cost", "cost", limiter.limit("5/minute", cost=lambda: 2)(lambda: "x"))
    add("/when", "when", limiter.limit("1/minute", exempt_when=lambda: "free" in request.args)(lambda: "x"))
    assert statuses(client, "/m", 3) == [200] * 3
    assert statuses(client, "/m", 2, method="POST") == [200, 429]
    assert statuses(client, "/per", 2) == statuses(client, "/per", 2, method="POST") == [200, 429]
    assert statuses(client, "/cost", 3) == [200, 200, 429]
    assert statuses(client, "/when?free", 3) == [200] * 3
    assert statuses(client, "/when", 2) == [200, 429]


def test_a_shared_limit_has_one_count(app, limiter, client):
    reports = limiter.shared_limit("2/minute", scope="reports")
    app.add_url_rule("/a", "a", reports(lambda: "a"))
    app.add_url_rule("/b", "b", reports(lambda: "b"))
    assert statuses(client, "/a", 1) + statuses(client, "/b", 2) + statuses(client, "/a", 1) == [
        200,
        200,
        429,
        429,
    ]


def test_several_limits_hold_together(app, limiter, client):
    view = limiter.limit("5/minute")(limiter.limit("2/hour")(lambda: "x"))
    app.add_url_rule("/", "index", view)
    assert statuses(client, "/", 3) == [200, 200, 429]


def test_a_limit_that_is_said_for_each_request(app, limiter, client):
    app.add_url_rule("/", "index", limiter.limit(lambda: request.args["limit"])(lambda: "x"))
    assert statuses(client, "/?limit=1/minute", 2) == [200, 429]
    assert statuses(client, "/?limit=3/hour", 1) == [200]


def test_only_what_failed_counts(app, limiter, client):
    failed = lambda response: response.status_code == 401  # noqa: E731
    view = limiter.limit("2/minute", deduct_when=failed)(
        lambda: "in" if "good" in request.args else abort(401)
    )
    app.add_url_rule("/login", "login", view)
    assert statuses(client, "/login?good", 3) == [200] * 3
    assert statuses(client, "/login", 3) == [401, 401, 429]
    assert statuses(client, "/login?good", 1) == [429]


def test_a_blueprint_and_those_in_it(app, storage, reach):
    limiter = Limiter(get_remote_address, app=app, default_limits=["1/minute"], storage_uri=storage)
    outer, inner, free = Blueprint("outer", "o"), Blueprint("inner", "i"), Blueprint("free", "f")
    outer.add_url_rule("/outer", "view", lambda: "x")
    inner.add_url_rule("/inner", "view", lambda: "x")
    free.add_url_rule("/free", "view", lambda: "x")
    limiter.limit("2/minute")(outer)
    limiter.exempt(free)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(free)
    client = reach(app)
    assert statuses(client, "/outer", 3) == statuses(client, "/inner", 3) == [200, 200, 429]
    assert statuses(client, "/free", 3) == [200] * 3


def test_a_limit_that_was_written_above_the_route_counts_too(app, limiter, client):
    @limiter.limit("1/minute")
    @app.get("/")
    def index():
        return "x"

    assert statuses(client, "/", 2) == [200, 429]


def test_a_decorator_between_two_limits_is_called(app, limiter, client):
    from functools import wraps

    def refused(f):
        @wraps(f)
        def wrapper():
            abort(403)

        return wrapper

    app.add_url_rule(
        "/", "index", limiter.limit("9/minute")(refused(limiter.limit("9/minute")(lambda: "secret")))
    )
    assert client.get("/").status_code == 403


def test_class_based_views(app, limiter, client):
    class Films(MethodView):
        decorators = [limiter.limit("1/minute")]

        def get(self):
            return "x"

    app.add_url_rule("/", view_func=Films.as_view("films"))
    assert statuses(client, "/", 2) == [200, 429]


def test_a_block_and_a_function_in_a_view(app, limiter, client):
    @app.get("/sync")
    def sync():
        with limiter.limit("1/minute"):
            return "x"

    @app.get("/async")
    async def asynchronous():
        async with limiter.limit("1/minute"):
            return "x"

    costly = limiter.limit("1/minute", scope="costly")(lambda: "x")
    app.add_url_rule("/function", "function", lambda: costly())
    for path in ("/sync", "/async", "/function"):
        assert statuses(client, path, 2) == [200, 429]
    assert costly() == "x"  # nobody is counted outside of a request


def test_what_answers_is_the_application_s(app, storage, reach):
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage)
    own = lambda limit: app.response_class(f"slow: {limit.limit.amount}", 429)  # noqa: E731
    app.add_url_rule("/own", "own", limiter.limit("1/minute", on_breach=own)(lambda: "x"))
    app.add_url_rule("/text", "text", limiter.limit("1/minute", error_message="come later")(lambda: "x"))
    client = reach(app)
    assert [client.get("/own").text for _ in range(2)] == ["x", "slow: 1"]
    assert "come later" in [client.get("/text").text for _ in range(2)][1]


def test_an_error_handler_answers(app, limiter, client):
    app.register_error_handler(RateLimitExceeded, lambda error: (f"{error.limit.limit.amount} at most", 429))
    app.add_url_rule("/", "index", limiter.limit("1/minute")(lambda: "x"))
    assert [client.get("/").text for _ in range(2)] == ["x", "1 at most"]


def test_clients_are_told_what_is_left(app, storage, reach):
    app.config["RATELIMIT_HEADER_REMAINING"] = "X-Left"
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, headers_enabled=True)
    app.add_url_rule("/", "index", limiter.limit("2/minute")(lambda: str(limiter.current_limit.remaining)))
    client = reach(app)
    answers = [client.get("/") for _ in range(3)]
    assert [answer.headers["X-Left"] for answer in answers] == ["1", "0", "0"]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"
    assert answers[0].text == "1"
    assert int(answers[0].headers["Retry-After"]) <= 61
    assert len(answers[2].headers.getlist("Retry-After")) == 1


def test_a_filter_and_a_switch(app, storage, reach):
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage)
    limiter.request_filter(lambda: request.headers.get("X-Inner") == "1")
    app.add_url_rule("/", "index", limiter.limit("1/minute")(lambda: "x"))
    client = reach(app)
    assert statuses(client, "/", 3, headers={"X-Inner": "1"}) == [200] * 3
    assert statuses(client, "/", 2) == [200, 429]
    limiter.enabled = False
    assert statuses(client, "/", 1) == [200]
    limiter.enabled = True
    with app.app_context():
        limiter.reset()
    assert statuses(client, "/", 1) == [200]


@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window", "sliding-window-counter"])
def test_each_strategy(app, storage, reach, strategy):
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, strategy=strategy)
    app.add_url_rule("/", "index", limiter.limit("2/minute")(lambda: "x"))
    assert statuses(reach(app), "/", 3) == [200, 200, 429]


def test_static_files_and_what_is_not_found_are_not_counted(storage, reach, tmp_path):
    (tmp_path / "x.txt").write_text("x")
    app = Flask("s", static_folder=str(tmp_path))
    Limiter(get_remote_address, app=app, default_limits=["1/minute"], storage_uri=storage)
    client = reach(app)
    for path, status in [("/static-none", 404), (f"{app.static_url_path}/x.txt", 200)]:
        for _ in range(3):
            with client.get(path) as answer:
                assert answer.status_code == status


def test_two_applications_of_one_limiter_count_by_themselves(reach):
    limiter = Limiter(get_remote_address)
    sites = [Flask("one", static_folder=None), Flask("two", static_folder=None)]
    for site in sites:
        limiter.init_app(site)
        site.add_url_rule("/", "index", limiter.limit("1/minute")(lambda: "x"))
    for site in sites:
        assert statuses(reach(site), "/", 2) == [200, 429]


def test_a_socket_is_refused_before_it_opens(app, limiter):
    @app.websocket("/live")
    @limiter.limit("1/minute")
    async def live():
        await __import__("demijohn").websocket.send("open")

    client = app.test_client(protocol="asgi")
    with client.websocket("/live") as socket:
        assert socket.receive() == "open"
    with pytest.raises(Exception, match="429"), client.websocket("/live"):
        pass


@pytest.mark.parametrize("text", ["", "often", "5", "5/fortnight", "x/minute"])
def test_a_limit_that_cannot_be_read_is_told_where_it_is_written(limiter, text):
    with pytest.raises(ValueError, match="is no limit"):
        limiter.limit(text)


def test_settings_that_cannot_be_are_told_at_start(app):
    with pytest.raises(ValueError, match="RATELIMIT_WHEN_UNAVAILABLE"):
        Limiter(get_remote_address, app=app, when_unavailable="maybe")
    with pytest.raises(ValueError, match="RATELIMIT_STRATEGY"):
        Limiter(get_remote_address, app=app, strategy="none")


def test_a_limiter_that_was_not_told_of_the_application_says_so(app, client):
    limiter = Limiter(get_remote_address)
    app.add_url_rule("/", "index", limiter.limit("1/minute")(lambda: "x"))
    app.testing = True
    with pytest.raises(RuntimeError, match="init_app"):
        client.get("/")


def test_a_limit_is_a_noun_too(app, storage, reach):
    Limiter(get_remote_address, app=app, storage_uri=storage, default_limits=[Limit("1/minute", cost=1)])
    app.add_url_rule("/", "index", lambda: "x")
    assert statuses(reach(app), "/", 2) == [200, 429]


def test_counts_in_memory_are_found_by_check(app, storage):
    Limiter(get_remote_address, app=app, storage_uri=storage)
    found = [finding.id for check in app.checks for finding in check(app)]
    assert found == (["memory-store"] if storage == "memory://" else [])
