"""Every native answer tells browsers what they may do with it, unless the view has told them."""

from __future__ import annotations

import re

import pytest
from werkzeug.exceptions import Forbidden

from demijohn import (
    Flask,
    Policy,
    Response,
    abort,
    csp_nonce,
    jsonify,
    render_template_string,
    request,
    session,
    stream_template_string,
)  # fmt: skip
from demijohn.compat.app import Flask as Compatible
from demijohn.errors import WrongSetting

POLICY = "frame-ancestors 'self'; base-uri 'self'; object-src 'none'"
DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": POLICY,
}
CSP = "Content-Security-Policy"


def said(answer):
    answer.close()
    return {name: answer.headers.getlist(name) for name in DEFAULTS}


ONCE = {name: [value] for name, value in DEFAULTS.items()}


@pytest.fixture
def site(app, tmp_path):
    (tmp_path / "x.txt").write_text("x")
    app.static_folder = tmp_path
    app.add_url_rule("/static/<path:filename>", "static", app.send_static_file)
    app.add_url_rule("/form", "form", lambda: request.get_data(), methods=["POST"])
    app.add_url_rule("/text", "text", lambda: "text", methods=["GET", "POST"])
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/made", "made", lambda: jsonify(1))
    app.add_url_rule("/stream", "stream", lambda: Response(iter(["a", "b"])))
    app.add_url_rule("/none", "none", lambda: ("", 204))
    app.add_url_rule("/away", "away", lambda: app.redirect("/text"))
    app.add_url_rule("/teapot", "teapot", lambda: abort(418))
    app.add_url_rule("/abort", "abort", lambda: abort(Response("no", 403)))
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    app.add_url_rule("/folder/", "folder", lambda: "folder")
    return app


PATHS = [
    "/text", "/json", "/made", "/stream", "/none", "/away", "/teapot", "/abort", "/crash", "/static/x.txt",
    "/nowhere", "/folder",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_every_answer_has_each_of_them_once(site, client, path, method):
    assert said(client.open(path, method=method)) == ONCE


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_them_with_hooks_and_sessions_around_it(site, client, path):
    site.before_request(lambda: session.get("x"))
    site.after_request(lambda response: response)
    assert said(client.get(path)) == ONCE


def test_a_refused_host_and_a_body_that_is_too_large_have_them(site, client):
    assert said(client.get("/text", headers={"Host": "u@a"})) == ONCE
    site.config["MAX_CONTENT_LENGTH"] = 3
    answer = client.post("/form", data=b"12345")
    assert (answer.status_code, said(answer)) == (413, ONCE)


def test_an_error_of_a_hook_after_the_error_loses_none(site, client):
    @site.after_request
    def breaks(response):
        raise RuntimeError("after")

    answer = client.get("/text")
    assert (answer.status_code, said(answer)) == (500, ONCE)


def test_the_debugger_s_page_keeps_its_own_policy(site, client):
    site.debug = True
    site.debug_page = lambda app, ctx, e: Response("page", 500, {CSP: "default-src 'none'"})
    answer = client.get("/crash")
    assert answer.headers.getlist(CSP) == ["default-src 'none'"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", list(DEFAULTS))
def test_what_the_view_said_stands(app, client, name):
    app.add_url_rule("/", "index", lambda: ("x", 200, {name.lower(): "own"}))
    assert said(client.get("/")) == {**ONCE, name: ["own"]}


def test_what_a_hook_or_an_error_said_stands(app, client):
    class Own(Forbidden):
        def get_headers(self, *args):
            return [*super().get_headers(*args), ("Referrer-Policy", "no-referrer")]

    def refuse():
        raise Own

    app.add_url_rule("/error", "error", refuse)
    app.add_url_rule("/", "index", lambda: abort(Response("x", headers={"Referrer-Policy": "origin"})))
    assert client.get("/error").headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert client.get("/").headers.getlist("Referrer-Policy") == ["origin"]


def test_settings_are_merged_over_the_default_and_none_drops_one(app, client):
    app.config["SECURITY_HEADERS"] = {
        "referrer-policy": "no-referrer", "Cross-Origin-Opener-Policy": None, "Permissions-Policy": "camera=()",
    }  # fmt: skip
    app.add_url_rule("/", "index", lambda: "x")
    answer = client.get("/")
    assert said(answer) == {**ONCE, "Referrer-Policy": ["no-referrer"], "Cross-Origin-Opener-Policy": []}
    assert answer.headers["Permissions-Policy"] == "camera=()"


def test_a_policy_among_the_headers_stands_in_the_place_of_the_default(app, client):
    app.config["SECURITY_HEADERS"] = {CSP: "default-src 'none'"}
    app.add_url_rule("/", "index", lambda: "x")
    assert client.get("/").headers.getlist(CSP) == ["default-src 'none'"]


def test_a_setting_that_is_changed_later_counts(app, client):
    app.add_url_rule("/", "index", lambda: "x")
    assert client.get("/").headers[CSP] == POLICY
    app.config["CSP"] = None
    assert CSP not in client.get("/").headers


def test_an_application_may_add_to_the_default_policy_and_others_do_not_see_it():
    first, second = Flask("first"), Flask("second")
    first.config["CSP"]["img-src"] = ["'self'"]
    assert "img-src" not in second.config["CSP"]


@pytest.mark.parametrize(
    "settings",
    [
        {"SECURITY_HEADERS": {"X-A": "a\r\nSet-Cookie: b"}}, {"SECURITY_HEADERS": {"X A": "a"}},
        {"SECURITY_HEADERS": "nosniff"}, {"CSP": {"script-src": ["a;b"]}}, {"CSP": {"script src": ["a"]}},
        {"CSP": 5}, {"CSP_REPORT_ONLY": {"script-src": ["a,b"]}}, {"HSTS": "a\n"}, {"HSTS": object()},
        {"TRUSTED_ORIGINS": ["https://a.example/"]}, {"TRUSTED_ORIGINS": ["*"]},
    ],
)  # fmt: skip
def test_case_42_a_setting_that_would_break_out_is_refused_at_start(app, settings):
    app.config.update(settings)
    with pytest.raises(WrongSetting, match=next(iter(settings))):
        app.settle()


def test_hsts_is_sent_over_https_only(app, client):
    app.config["HSTS"] = 31_536_000
    app.add_url_rule("/", "index", lambda: "x")
    app.add_url_rule("/made", "made", lambda: Response("x"))
    for path in ("/", "/made", "/nowhere"):
        assert "Strict-Transport-Security" not in client.get(path).headers
        secure = client.get(path, base_url="https://localhost")
        assert secure.headers.getlist("Strict-Transport-Security") == ["max-age=31536000"]
        assert said(secure) == ONCE


def test_hsts_goes_by_what_a_trusted_proxy_says(app, client):
    app.config.update(HSTS="max-age=60; preload", TRUSTED_PROXIES=1)
    app.add_url_rule("/", "index", lambda: "x")
    answer = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=60; preload"
    assert "Strict-Transport-Security" not in client.get("/").headers


# Content-Security-Policy.


@pytest.fixture
def paged(app):
    app.config["CSP"] = {"default-src": ["'self'"], "script-src": ["'self'", "'nonce'"]}
    page = "<script nonce='{{ csp_nonce() }}'></script><i nonce='{{ csp_nonce() }}'>"
    app.add_url_rule("/page", "page", lambda: render_template_string(page))
    app.add_url_rule("/streamed", "streamed", lambda: stream_template_string(page))
    app.add_url_rule("/plain", "plain", lambda: render_template_string("no script"))
    app.add_url_rule("/json", "json", lambda: {"nonce": csp_nonce()})
    app.add_url_rule("/old", "old", lambda: csp_nonce(), csp={"script-src": ["'unsafe-inline'", "'nonce'"]})
    app.add_url_rule("/off", "off", lambda: "x", csp=None)
    app.add_url_rule("/less", "less", lambda: "x", csp={"script-src": None})

    @app.errorhandler(404)
    def missing(error):
        return render_template_string("{{ csp_nonce() }}"), 404

    return app


NONCE = r"[A-Za-z0-9_-]{24}"


@pytest.mark.parametrize("path", ["/page", "/streamed"])
def test_case_48_a_page_and_its_policy_have_one_nonce_and_the_next_another(paged, client, path):
    seen = set()
    for _ in range(3):
        answer = client.get(path)
        (nonce,) = set(re.findall(f"nonce='({NONCE})'", answer.text))
        assert answer.headers.getlist(CSP) == [f"default-src 'self'; script-src 'self' 'nonce-{nonce}'"]
        seen.add(nonce)
    assert len(seen) == 3


def test_case_48_json_and_errors_have_it_too(paged, client):
    answer = client.get("/json")
    assert f"'nonce-{answer.json['nonce']}'" in answer.headers[CSP]
    answer = client.get("/nowhere")
    assert f"'nonce-{answer.text}'" in answer.headers[CSP]


def test_a_page_that_never_asks_for_a_nonce_sends_none(paged, client):
    assert client.get("/plain").headers[CSP] == "default-src 'self'; script-src 'self'"


def test_a_route_s_unsafe_inline_comes_without_the_nonce_that_would_cancel_it(paged, client):
    answer = client.get("/old")
    assert answer.headers[CSP] == "default-src 'self'; script-src 'unsafe-inline'"
    assert re.fullmatch(NONCE, answer.text)


def test_a_route_replaces_directives_drops_them_or_has_no_policy(paged, client):
    assert CSP not in client.get("/off").headers
    assert client.get("/less").headers[CSP] == "default-src 'self'"
    assert client.get("/off").headers["X-Content-Type-Options"] == "nosniff"


def test_strict_lets_in_this_site_and_the_nonce_only(app, client):
    app.config["CSP"] = "strict"
    app.add_url_rule("/", "index", lambda: csp_nonce())
    answer = client.get("/")
    assert (
        f"script-src 'self' 'nonce-{answer.text}'; style-src 'self' 'nonce-{answer.text}'"
        in answer.headers[CSP]
    )
    assert "default-src 'self'" in answer.headers[CSP]
    assert "unsafe" not in answer.headers[CSP]


def test_a_policy_can_be_only_reported_on(app, client):
    app.config["CSP_REPORT_ONLY"] = {
        "script-src": "'nonce'",
        "report-to": "csp",
        "upgrade-insecure-requests": [],
    }
    app.add_url_rule("/", "index", lambda: csp_nonce())
    answer = client.get("/")
    assert answer.headers[CSP] == POLICY
    expected = f"script-src 'nonce-{answer.text}'; report-to csp; upgrade-insecure-requests"
    assert answer.headers[f"{CSP}-Report-Only"] == expected


def test_a_static_file_of_a_page_with_a_nonce_is_sent_without_one(paged, client, tmp_path):
    (tmp_path / "x.html").write_text("x")
    paged.static_folder = tmp_path
    paged.add_url_rule("/static/<path:filename>", "static", paged.send_static_file)
    with client.get("/static/x.html") as answer:
        assert "nonce" not in answer.headers[CSP]


def test_a_nonce_belongs_to_a_request():
    with pytest.raises(RuntimeError, match="csp_nonce"):
        csp_nonce()


# Whose they are.


def test_an_application_from_flask_has_none_of_them(reach):
    app = Compatible("legacy")
    app.add_url_rule("/", "index", lambda: "x")
    app.add_url_rule("/own", "own", lambda: render_template_string("{{ csp_nonce is defined }}"))
    client = reach(app)
    assert said(client.get("/")) == {name: [] for name in DEFAULTS}
    assert client.get("/own").text == "False"


def test_the_policy_turns_them_on_and_off(reach):
    legacy, native = Compatible("legacy"), Flask("native")
    legacy.policy = legacy.policy.replace(security_headers=True)
    native.policy = Policy(security_headers=False)
    for app in (legacy, native):
        app.add_url_rule("/", "index", lambda: "x")
    assert said(reach(legacy).get("/")) == ONCE
    assert said(reach(native).get("/")) == {name: [] for name in DEFAULTS}
