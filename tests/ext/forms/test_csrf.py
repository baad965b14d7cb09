"""Who may send what: browsers that vouch, tokens, exemptions, settings."""

from __future__ import annotations

import pytest

from demijohn import Blueprint, g, render_template_string, request
from demijohn.compat.policy import FLASK
from demijohn.ext.forms import CSRFError, CSRFProtect, csrf_meta_tag, generate_csrf
from demijohn.policy import Policy

SAME = {"Sec-Fetch-Site": "same-origin"}
OWN_ORIGIN = {"Origin": "http://localhost"}
CROSS = {"Sec-Fetch-Site": "cross-site", "Origin": "https://e.example"}
NULL = {"Origin": "null"}
USER = {"Sec-Fetch-Site": "none"}


@pytest.fixture
def protected(every_site):
    every_site.csrf = CSRFProtect(every_site.app)
    every_site.app.config["CROSS_ORIGIN_CHECK"] = False  # what is left is what is tested here

    def view():
        return f"in {generate_csrf()}" if request.method == "GET" else f"done {g.get('csrf_valid', False)}"

    every_site.route("/", view)
    return every_site


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_that_nobody_vouches_for_needs_a_token(protected, method):
    client = protected.client()
    assert client.open("/", method=method).status_code == 400
    token = client.get("/").text.split()[1]
    assert client.open("/", method=method, headers={"X-CSRFToken": token}).text == "done True"
    assert client.open("/", method=method, headers={"X-CSRF-Token": token}).text == "done True"
    assert client.open("/", method=method, data={"csrf_token": token}).text == "done True"
    assert client.open("/", method=method, data={"sign_up-csrf_token": token}).text == "done True"
    assert client.open("/", method=method, data={"csrf_token": "no", "x": token}).status_code == 400


@pytest.mark.parametrize("fields", [SAME, OWN_ORIGIN], ids=str)
def test_what_a_browser_vouches_for_needs_none(protected, fields):
    client = protected.client()
    assert client.post("/", headers=fields).text == "done True"
    assert client.post("/", headers=fields, data={"csrf_token": "stale"}).text == "done True"


@pytest.mark.parametrize("fields", [CROSS, NULL, USER, {"Sec-Fetch-Site": "same-site"}], ids=str)
def test_case_38_a_browser_that_does_not_vouch_leaves_it_to_the_token(protected, fields):
    client = protected.client()
    token = client.get("/").text.split()[1]
    assert client.post("/", headers=fields).status_code == 400
    assert client.post("/", headers=fields, data={"csrf_token": token}).text == "done True"


@pytest.mark.parametrize("fields", [SAME, OWN_ORIGIN], ids=str)
def test_a_token_can_always_be_asked_for(protected, fields):
    protected.app.config["WTF_CSRF_REQUIRE_TOKEN"] = True
    client = protected.client()
    token = client.get("/").text.split()[1]
    assert client.post("/", headers=fields).status_code == 400
    assert client.post("/", headers=fields, data={"csrf_token": token}).text == "done True"


def test_as_in_flask_wtf_a_token_is_always_asked_for_unless_the_setting_says_otherwise(site):
    CSRFProtect(site.app)
    site.app.policy = site.app.policy.replace(vouched_forms=False)
    site.route("/", lambda: "done")
    assert site.client().post("/", headers=SAME).status_code == 400
    site.app.config["WTF_CSRF_REQUIRE_TOKEN"] = False
    assert site.client().post("/", headers=SAME).text == "done"
    assert not FLASK.vouched_forms


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("POST", {"X-HTTP-Method-Override": "GET"}),
        ("POST", {"X-HTTP-Method": "GET", "Content-Type": "text/plain"}),
        ("POST", {"Content-Type": "text/plain"}),
        ("POST", {"Content-Type": "multipart/form-data"}),
        ("POST", {"X-Requested-With": "XMLHttpRequest"}),
    ],
)
def test_case_39_a_disguise_is_still_checked(protected, method, fields):
    answer = protected.client().open("/", method=method, headers=fields, data=b'{"csrf_token": "x"}')
    assert answer.status_code == 400
    assert protected.client().post("/?_method=GET").status_code == 400


@pytest.mark.parametrize(
    ("referrer", "status"),
    [
        (None, 400),
        ("http://localhost/", 400),
        ("https://e.example/", 400),
        ("https://localhost:8443/", 400),
        ("https://localhost:port/", 400),
        ("https://localhost/form", 200),
    ],
)
def test_over_https_a_token_comes_from_a_page_of_this_site(site, referrer, status):
    CSRFProtect(site.app)
    site.route("/", lambda: generate_csrf())
    client = site.client()
    token = client.get("/", base_url="https://localhost").text
    fields = {"X-CSRFToken": token} | ({"Referer": referrer} if referrer else {})
    assert client.post("/", base_url="https://localhost", headers=fields).status_code == status
    site.app.config["WTF_CSRF_SSL_STRICT"] = False
    assert client.post("/", base_url="https://localhost", headers=fields).status_code == 200


def test_a_browser_that_vouches_need_not_send_a_referrer(site):
    CSRFProtect(site.app)
    site.route("/", lambda: "done")
    assert site.client().post("/", base_url="https://localhost", headers=SAME).text == "done"


def test_an_error_handler_answers_in_the_words_of_the_application(protected):
    protected.app.errorhandler(CSRFError)(lambda e: (f"Sorry: {e.description}", 403))
    answer = protected.client().post("/")
    assert (answer.status_code, answer.text) == (403, "Sorry: The CSRF token is missing.")


def test_the_settings_turn_it_off(protected):
    client = protected.client()
    for setting in ("WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT"):
        protected.app.config[setting] = False
        assert client.post("/").text == "done False"
        protected.app.config[setting] = True
        assert client.post("/").status_code == 400
    protected.app.config["WTF_CSRF_METHODS"] = {"DELETE"}
    assert client.post("/").text == "done False"
    assert client.delete("/").status_code == 400


def test_names_of_fields_and_headers_are_settings(site):
    site.app.config.update(
        WTF_CSRF_FIELD_NAME="proof", WTF_CSRF_HEADERS=["X-Proof"], WTF_CSRF_META_NAME="proof"
    )
    CSRFProtect(site.app)
    site.route("/", lambda: render_template_string("{{ csrf_meta_tag() }}{{ csrf_token() }}"))
    client = site.client()
    meta, _, token = client.get("/").text.partition(">")
    assert meta == f'<meta name="proof" content="{token}"'
    assert client.post("/", data={"proof": token}).status_code == 200
    assert client.post("/", headers={"X-Proof": token}).status_code == 200
    assert client.post("/", data={"csrf_token": token}).status_code == 400


def test_the_name_of_a_meta_tag_cannot_break_out_of_it(site):
    with site.app.test_request_context():
        assert "<script" not in csrf_meta_tag('"><script>')


def test_a_token_is_good_for_an_hour_or_as_long_as_is_set(site, monkeypatch):
    CSRFProtect(site.app)
    site.route("/", lambda: generate_csrf())
    client = site.client()
    token = client.get("/").text
    now = __import__("time").time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 3700)
    assert "expired" in client.post("/", data={"csrf_token": token}).text
    site.app.config["WTF_CSRF_TIME_LIMIT"] = None
    assert client.post("/", data={"csrf_token": token}).status_code == 200


# Exemptions.


def test_a_view_is_exempt_by_itself_or_by_its_name(site):
    csrf = CSRFProtect(site.app)

    def hook():
        return "hook"

    def other():
        return "other"

    site.route("/hook", csrf.exempt(hook))
    site.route("/other", other)
    csrf.exempt(f"{__name__}.other")
    site.route("/third", lambda: "third", endpoint="third")
    client = site.client()
    assert [client.post(path).status_code for path in ("/hook", "/other", "/third")] == [200, 200, 400]


def nested_blueprints(app):
    """Three blueprints, each within the one before, and one beside them."""
    outer, middle, inner = (Blueprint(name, __name__, url_prefix=f"/{name}") for name in "abc")
    beside = Blueprint("d", __name__, url_prefix="/d")
    for blueprint in (outer, middle, inner, beside):
        blueprint.add_url_rule("/", "view", lambda: "done", methods=["POST"])
    middle.register_blueprint(inner)
    outer.register_blueprint(middle)
    app.register_blueprint(outer)
    app.register_blueprint(beside)
    return outer, middle, inner


PATHS = ("/a/", "/a/b/", "/a/b/c/", "/d/")


@pytest.mark.parametrize(
    ("exempted", "statuses"),
    [(0, [200, 200, 200, 400]), (1, [400, 200, 200, 400]), (2, [400, 400, 200, 400])],
)
def test_exempting_a_blueprint_exempts_those_nested_in_it(every_site, exempted, statuses):
    csrf = CSRFProtect(every_site.app)
    csrf.exempt(nested_blueprints(every_site.app)[exempted])
    client = every_site.client()
    assert [client.post(path).status_code for path in PATHS] == statuses


def test_as_in_flask_wtf_a_blueprint_is_exempt_alone(site):
    csrf = CSRFProtect(site.app)
    site.app.policy = Policy(nested_exemptions=False)
    csrf.exempt(nested_blueprints(site.app)[0])
    assert [site.client().post(path).status_code for path in PATHS] == [200, 400, 400, 400]


def test_what_is_not_found_is_not_protected(protected):
    assert protected.client().post("/nowhere").status_code == 404


def test_a_view_may_protect_itself(site):
    csrf = CSRFProtect(site.app)

    @csrf.exempt
    def view():
        csrf.protect()
        return "done"

    site.route("/", view)
    assert site.client().get("/").text == "done"
    assert site.client().post("/").status_code == 400


def test_a_route_that_reads_its_body_as_it_comes_is_checked_by_what_needs_no_body(every_site):
    CSRFProtect(every_site.app)
    every_site.route("/token", lambda: generate_csrf(), endpoint="token")

    def raw():
        return request.stream.read()

    every_site.app.add_url_rule("/raw", view_func=raw, methods=["POST"], stream=True)
    client = every_site.client()
    token = client.get("/token").text
    body = f"csrf_token={token}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/raw", data=body, headers=form).status_code == 400
    assert client.post("/raw", data=body, headers=form | {"X-CSRFToken": token}).text == body
    assert client.post("/raw", data=body, headers=form | SAME).text == body
