"""A request that may change something is refused when a browser says that a page of another site sent it."""

from __future__ import annotations

import pytest

from demijohn import Blueprint, Flask, Policy
from demijohn.compat.app import Flask as Compatible

HERE = {"Host": "shop.example"}
PASSES = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Origin": "https://shop.example"},
    {"Origin": "http://shop.example"},
    {"Origin": "https://shop.example:443"},
]
REFUSED = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://shop.example.evil.example"},
    {"Origin": "https://shop.example:8443"},
    {"Origin": "null"},
    {"Origin": ""},
]


@pytest.fixture
def done():
    return []


@pytest.fixture(params=["alone", "hooks", "blueprint", "with-value", "async"])
def site(request, app, done):
    """Views that change something, reached in different ways."""

    def change(**values):
        done.append("changed")
        return "changed"

    async def change_async():
        return change()

    rule = "/change"
    if request.param == "with-value":
        rule = "/change/<int:number>"
    if request.param == "hooks":
        app.before_request(lambda: done.append("hook") and None)
    view = change_async if request.param == "async" else change
    owner = Blueprint("b", "b") if request.param == "blueprint" else app
    owner.add_url_rule(rule, "change", view, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    if owner is not app:
        app.register_blueprint(owner)
    app.test_path = "/change/5" if request.param == "with-value" else "/change"
    return app


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("fields", REFUSED, ids=str)
def test_case_38_a_page_of_another_site_changes_nothing(site, client, done, method, fields):
    for _ in range(2):
        answer = client.open(site.test_path, method=method, headers={**HERE, **fields})
        assert answer.status_code == 403
    assert done == []


@pytest.mark.parametrize("fields", PASSES, ids=str)
def test_case_38_this_site_the_user_and_programs_pass(site, client, done, fields):
    assert client.post(site.test_path, headers={**HERE, **fields}).text == "changed"


@pytest.mark.parametrize("fields", REFUSED, ids=str)
def test_what_changes_nothing_is_not_looked_at(site, client, fields):
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.open(site.test_path, method=method, headers={**HERE, **fields}).status_code == 200


@pytest.mark.parametrize(
    "disguise", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_case_39_a_disguise_of_the_body_changes_nothing(site, client, done, disguise):
    answer = client.post(
        site.test_path, data=b"{}", content_type=disguise, headers={**HERE, "Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, done) == (403, [])


def test_case_39_a_method_that_middleware_puts_in_is_the_one_that_counts(app, reach, done):
    app.add_url_rule("/", "remove", lambda: done.append(1) or "removed", methods=["DELETE"])
    inner = app.wsgi_app

    def override(environ, start_response):
        environ["REQUEST_METHOD"] = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", environ["REQUEST_METHOD"])
        return inner(environ, start_response)

    app.wsgi_app = override
    client = reach(app)
    fields = {**HERE, "X-HTTP-Method-Override": "DELETE"}
    assert client.get("/", headers={**fields, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert done == []
    assert client.get("/", headers={**fields, "Sec-Fetch-Site": "same-origin"}).text == "removed"


def test_the_refusal_says_what_to_do_and_goes_through_error_handlers(app, client):
    app.add_url_rule("/", "index", lambda: "x", methods=["POST"])
    answer = client.post("/", headers={**HERE, "Origin": "https://evil.example"})
    for word in ("https://evil.example", "TRUSTED_ORIGINS", "app.cors()", "cross_origin=True"):
        assert word in answer.text


def test_a_handler_of_403_answers(app, client):
    app.add_url_rule("/", "index", lambda: "x", methods=["POST"])
    app.register_error_handler(403, lambda error: ("ours", 403))
    assert client.post("/", headers={"Sec-Fetch-Site": "cross-site"}).text == "ours"


def test_an_origin_in_the_answer_is_escaped(app, client):
    app.add_url_rule("/", "index", lambda: "x", methods=["POST"])
    assert "<b>" not in client.post("/", headers={"Origin": "https://<b>"}).text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_say_https_breaks_nothing(app, client, scheme):
    """The scheme is not compared (healthchecks#825), and plain HTTP in a LAN works (rails#56580)."""
    app.add_url_rule("/", "index", lambda: "changed", methods=["POST"])
    fields = {"Host": "192.168.1.5:8000", "Origin": f"{scheme}://192.168.1.5:8000"}
    assert client.post("/", headers=fields).text == "changed"


def test_the_host_that_a_trusted_proxy_names_counts(app, client):
    app.config["TRUSTED_PROXIES"] = 1
    app.add_url_rule("/", "index", lambda: "changed", methods=["POST"])
    fields = {"Host": "inner:8000", "X-Forwarded-Host": "shop.example", "Origin": "https://shop.example"}
    assert client.post("/", headers=fields).text == "changed"


def test_trusted_origins_pass_exactly(app, client):
    app.config["TRUSTED_ORIGINS"] = ["https://Pay.example:443", "http://lan.example:8080"]
    app.add_url_rule("/", "index", lambda: "changed", methods=["POST"])

    def status(origin):
        fields = {**HERE, "Origin": origin, "Sec-Fetch-Site": "cross-site"}
        return client.post("/", headers=fields).status_code

    assert status("https://pay.example") == status("http://lan.example:8080") == 200
    for other in (
        "http://pay.example",
        "https://pay.example:8443",
        "https://a.pay.example",
        "http://lan.example",
    ):
        assert status(other) == 403


@pytest.mark.parametrize("hooks", [False, True])
def test_origins_that_may_read_the_answers_may_send(app, client, hooks):
    app.cors(["https://spa.example"], path="/api")
    app.add_url_rule("/api/x", "api", lambda: "changed", methods=["POST"])
    app.add_url_rule("/x", "x", lambda: "changed", methods=["POST"])
    if hooks:
        app.before_request(lambda: None)
    fields = {**HERE, "Origin": "https://spa.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/x", headers=fields).text == "changed"
    assert client.post("/x", headers=fields).status_code == 403
    assert client.post("/api/x", headers={**fields, "Origin": "https://evil.example"}).status_code == 403


def test_where_any_origin_may_read_none_acts_in_a_visitor_s_name(app, client):
    app.cors("*", path="/api")
    app.add_url_rule("/api", "api", lambda: "changed", methods=["POST"])
    fields = {**HERE, "Origin": "https://any.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/api", headers=fields).text == "changed"
    client.set_cookie("session", "x", domain="shop.example")
    assert client.post("/api", headers=fields).status_code == 403


def test_a_route_may_be_open_to_all(app, client):
    app.add_url_rule("/hook", "hook", lambda: "changed", methods=["POST"], cross_origin=True)
    app.add_url_rule("/hook/", "slash", lambda: "changed", methods=["PUT"])
    assert client.post("/hook", headers={**HERE, "Sec-Fetch-Site": "cross-site"}).text == "changed"
    assert client.put("/hook/", headers={**HERE, "Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_setting_turns_it_off_and_on_again(app, client):
    app.add_url_rule("/", "index", lambda: "changed", methods=["POST"])
    fields = {**HERE, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/", headers=fields).status_code == 403
    app.config["CROSS_ORIGIN_CHECK"] = False
    assert client.post("/", headers=fields).text == "changed"
    app.config["CROSS_ORIGIN_CHECK"] = True
    assert client.post("/", headers=fields).status_code == 403


def test_what_does_not_exist_is_not_found_and_no_view_is_refused(app, client):
    app.add_url_rule("/", "index", lambda: "x")
    fields = {**HERE, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/nowhere", headers=fields).status_code == 404
    assert client.post("/", headers=fields).status_code == 405


def test_a_field_that_came_twice_does_not_pass_for_one(app, client):
    app.add_url_rule("/", "index", lambda: "x", methods=["POST"])
    fields = [
        ("Host", "shop.example"),
        ("Origin", "https://shop.example"),
        ("Origin", "https://evil.example"),
    ]
    assert client.post("/", headers=fields).status_code == 403


def test_applications_from_flask_are_as_they_were(reach):
    app, native = Compatible("legacy"), Flask("native")
    native.policy = Policy(cross_origin_check=False)
    for each in (app, native):
        each.add_url_rule("/", "index", lambda: "changed", methods=["POST"])
        assert reach(each).post("/", headers={"Sec-Fetch-Site": "cross-site"}).text == "changed"
    app.policy = app.policy.replace(cross_origin_check=True)
    assert reach(app).post("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
