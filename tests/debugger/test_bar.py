"""The development bar: on which pages it is, what it says, and when a policy of content leaves no room for it."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from demijohn import Response, render_template_string, stream_with_context
from demijohn.debugger.bar import nonce_for_script

PAGE = "<!doctype html><html><body><h1>{{ title }}</h1></body></html>"


@pytest.fixture(autouse=True)
def views(app):
    app.add_url_rule("/page", view_func=lambda: render_template_string(PAGE, title="Cellar"), endpoint="page")
    app.add_url_rule("/part", view_func=lambda: "<p>only a part</p>", endpoint="part")
    app.add_url_rule("/json", view_func=lambda: {"page": "<body></body>"}, endpoint="json")
    app.add_url_rule("/text", view_func=lambda: Response("</body>", mimetype="text/plain"), endpoint="text")

    @app.get("/stream")
    def stream():
        return Response(stream_with_context(iter(["<html><body>", "</body></html>"])))


def bar_of(text):
    found = re.search(r'<script src="([^"]+)" defer(?: nonce="([^"]+)")? data-bar="([^"]*)"></script>', text)
    return None if found is None else (found[1], found[2], json.loads(unescape(found[3])))


def test_a_whole_page_has_it_before_the_end_of_its_body(client):
    answer = client.get("/page")
    src, nonce, facts = bar_of(answer.text)
    assert (src, nonce) == ("/__demijohn__/bar.js", None)
    assert answer.text.endswith("</script></body></html>")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert facts["status"] == 200
    assert facts["endpoint"] == "page"
    assert facts["ms"] >= 0
    assert facts["templates"]["count"] == 1
    assert ["title", "'Cellar'"] in facts["templates"]["shown"][0]["context"]
    script = client.get(src)
    assert (script.status_code, script.mimetype) == (200, "text/javascript")


@pytest.mark.parametrize("path", ["/part", "/json", "/text", "/stream"])
def test_parts_streams_and_other_kinds_are_left_alone(client, path):
    assert "bar.js" not in client.get(path).text


@pytest.mark.parametrize(
    "fields",
    [
        {"HX-Request": "true"},
        {"Turbo-Frame": "cart"},
        {"X-Requested-With": "XMLHttpRequest"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Host": "evil.example"},
    ],
    ids=str,
)
def test_who_asks_for_a_part_gets_the_page_as_it_is(client, fields):
    assert "bar.js" not in client.get("/page", **fields).text


def test_pages_of_errors_that_the_application_answers_have_it_too(app, client):
    app.register_error_handler(404, lambda e: ("<html><body>not here</body></html>", 404))
    assert bar_of(client.get("/nowhere").text)[2]["status"] == 404


def test_it_tells_statements_with_their_times(app, client):
    import sqlalchemy as sa

    engine = sa.create_engine("sqlite://")

    @app.get("/sql")
    def sql():
        with engine.connect() as connection:
            for _ in range(3):
                connection.execute(sa.text("select 1"))
        return "<html><body></body></html>"

    facts = bar_of(client.get("/sql").text)[2]["sql"]
    assert facts["count"] == 3
    assert [statement for _, statement in facts["statements"]] == ["select 1"] * 3
    assert all(milliseconds >= 0 for milliseconds, _ in facts["statements"])


def test_secrets_of_a_context_are_hidden_and_its_markup_stays_in_the_attribute(app, client):
    app.add_url_rule(
        "/hostile", endpoint="hostile",
        view_func=lambda: render_template_string(PAGE, title='"></script><script>alert(1)</script>', token="hunter2"),
    )  # fmt: skip
    text = client.get("/hostile").text
    assert "hunter2" not in text
    assert "<script>alert" not in text
    assert ["token", "(hidden)"] in bar_of(text)[2]["templates"]["shown"][0]["context"]


def test_a_page_that_is_large_in_context_stays_small(app, client):
    context = {f"name{n}": "<" * 10_000 for n in range(500)}
    app.add_url_rule("/large", view_func=lambda: render_template_string(PAGE, **context), endpoint="large")
    assert len(client.get("/large").data) < 50_000


@pytest.mark.parametrize("how", ["environment", "policy", "debug"])
def test_it_can_be_left_out(app, client, environment, how):
    if how == "environment":
        environment(DEBUG_BAR="off")
    elif how == "policy":
        from demijohn.policy import Policy

        app.policy = Policy(development_bar=False)
    else:
        client.install()
        app.debug = False
    assert "bar.js" not in client.get("/page").text


SITE = "http://localhost:5000"


@pytest.mark.parametrize(
    ("policies", "nonce"),
    [
        ([], ""),
        (["frame-ancestors 'self'; base-uri 'self'"], ""),
        (["default-src 'self'"], ""),
        (["default-src 'none'; script-src 'self'"], ""),
        (["script-src https: http:"], ""),
        (["script-src localhost:5000"], ""),
        (["script-src 'nonce-abc' 'strict-dynamic'"], "abc"),
        (["script-src 'self'", "default-src 'none'; script-src 'nonce-abc'"], "abc"),
        (["script-src 'nonce-abc', script-src 'nonce-abc'"], "abc"),
        (["default-src 'none'"], None),
        (["script-src 'none'"], None),
        (["script-src https://cdn.example"], None),
        (["script-src 'self' 'strict-dynamic'"], None),
        (["script-src 'self'; script-src-elem 'none'"], None),
        (["script-src 'nonce-abc'", "script-src 'nonce-def'"], None),
        (["sandbox"], None),
        (["sandbox allow-scripts"], ""),
    ],
)
def test_it_is_only_where_the_policy_of_the_page_lets_its_script_run(policies, nonce):
    assert nonce_for_script(policies, SITE) == nonce


def test_a_page_s_own_policy_is_looked_at_in_its_fields_and_in_itself(app, client):
    meta = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
    pages = {
        "fields": Response("<body></body>", headers={"Content-Security-Policy": "default-src 'none'"}),
        "report": Response(
            "<body></body>", headers={"Content-Security-Policy-Report-Only": "script-src 'none'"}
        ),
        "meta": Response(f"<head>{meta}</head><body></body>"),
    }
    app.add_url_rule("/own/<name>", view_func=lambda name: pages[name], endpoint="own")
    for name in pages:
        assert "bar.js" not in client.get(f"/own/{name}").text, name


def test_it_carries_the_nonce_of_the_application_s_policy(app, client):
    from demijohn import csp_nonce

    app.config["CSP"] = {"script-src": ["'nonce'"]}
    app.add_url_rule("/nonce", view_func=lambda: f"<body>{csp_nonce()}</body>", endpoint="nonce")
    answer = client.get("/nonce")
    nonce = bar_of(answer.text)[1]
    assert nonce
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
