"""Scripts of the origins that an application names may use what is below a path, errors and all."""

from __future__ import annotations

import pytest

from demijohn import Blueprint, Flask, abort, g, request

SHOP = "https://shop.example"
ALLOW = "Access-Control-Allow-Origin"


def preflight(client, path, method="GET", origin=SHOP, **fields):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    headers = {"Origin": origin, "Access-Control-Request-Method": method, **named}
    return client.options(path, headers=headers)


@pytest.fixture
def api(app):
    app.cors(
        [SHOP], path="/api", methods=["GET", "POST"], headers=["X-Token"], expose=["ETag"], credentials=True,
        max_age=600,
    )  # fmt: skip
    app.add_url_rule("/api/films", "films", lambda: {"films": []}, methods=["GET", "POST"])
    app.add_url_rule("/api/crash", "crash", lambda: 1 / 0)
    app.add_url_rule("/api/refused", "refused", lambda: abort(403))
    app.add_url_rule("/api/stream", "stream", lambda: iter("ab"))
    app.add_url_rule("/api/body", "body", lambda: request.get_data(), methods=["POST"])
    app.add_url_rule("/api/folder/", "folder", lambda: "x")
    app.add_url_rule("/apix", "apix", lambda: "x")
    app.add_url_rule("/<path:any>", "any", lambda any: any)
    return app


def test_an_answer_says_who_may_read_it_what_and_as_whom(api, client):
    answer = client.get("/api/films", headers={"Origin": SHOP})
    assert answer.headers.getlist(ALLOW) == [SHOP]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Expose-Headers"] == "ETag"
    assert answer.headers.getlist("Vary") == ["Origin"]


@pytest.mark.parametrize("hooks", [False, True])
def test_errors_say_it_too(api, client, hooks):
    """django-cors-headers#512: an error without the header reads as a network failure."""
    api.config["MAX_CONTENT_LENGTH"] = 3
    if hooks:
        api.before_request(lambda: None)
        api.after_request(lambda response: response)
    for method, path, status, data in [
        ("GET", "/api/crash", 500, None), ("GET", "/api/refused", 403, None), ("POST", "/api/nowhere", 405, None),
        ("PUT", "/api/films", 405, None), ("POST", "/api/body", 413, b"12345"), ("GET", "/api/folder", 308, None),
        ("GET", "/api/stream", 200, None),
    ]:  # fmt: skip
        answer = client.open(path, method=method, data=data, headers={"Origin": SHOP})
        assert (answer.status_code, answer.headers.getlist(ALLOW)) == (status, [SHOP]), path
        assert answer.headers.getlist("Vary") == ["Origin"], path


def test_what_is_not_found_says_it_too(app, client):
    app.cors([SHOP], path="/api")
    answer = client.get("/api/nowhere", headers={"Origin": SHOP})
    assert (answer.status_code, answer.headers.get(ALLOW)) == (404, SHOP)


@pytest.mark.parametrize("origin", [None, "https://evil.example", "http://shop.example", "null"])
def test_everything_below_the_path_varies_by_origin(api, client, origin):
    """flask-cors#293: a cache must not hand on what it got for a request without an Origin."""
    fields = {} if origin is None else {"Origin": origin}
    for path in ("/api", "/api/films", "/api/nowhere", "/api/crash"):
        answer = client.get(path, headers=fields)
        assert (answer.headers.get(ALLOW), answer.headers.getlist("Vary")) == (None, ["Origin"]), path


@pytest.mark.parametrize("path", ["/apix", "/other", "/"])
def test_nothing_is_said_beside_the_path(api, client, path):
    answer = client.get(path, headers={"Origin": SHOP})
    assert (answer.headers.get(ALLOW), answer.headers.get("Vary")) == (None, None)


def test_a_rule_that_matches_more_than_the_path_goes_by_the_request(api, client):
    answer = client.get("/api/of/any/kind", headers={"Origin": SHOP})
    assert (answer.text, answer.headers.get(ALLOW)) == ("api/of/any/kind", SHOP)


def test_what_a_view_varies_by_stays(app, client):
    app.cors([SHOP])
    app.add_url_rule("/", "index", lambda: ("x", 200, {"Vary": "Accept"}))
    app.add_url_rule("/own", "own", lambda: ("x", 200, {"Vary": "origin", ALLOW: "https://own.example"}))
    assert client.get("/").headers.getlist("Vary") == ["Accept, Origin"]
    answer = client.get("/own", headers={"Origin": SHOP})
    assert answer.headers.getlist("Vary") == ["origin"]
    assert answer.headers.getlist(ALLOW) == ["https://own.example"]


def test_a_preflight_says_what_may_be_sent(api, client):
    answer = preflight(client, "/api/films", "POST")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers[ALLOW] == SHOP
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "X-Token"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Vary"] == "Origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/api/films", "/api/nowhere", "/api/own"])
def test_a_preflight_is_answered_before_hooks_and_views(api, client, path):
    ran = []
    api.before_request(lambda: ran.append("before") or abort(401))
    api.after_request(lambda response: ran.append(g.missing) or response)
    api.teardown_request(lambda exc: ran.append("teardown"))
    api.add_url_rule("/api/own", "own", lambda: ran.append("view") or "x", methods=["OPTIONS"])
    for _ in range(2):
        assert preflight(client, path).headers[ALLOW] == SHOP
    assert ran == []


def test_a_preflight_of_an_origin_that_is_not_named_allows_nothing(api, client):
    answer = preflight(client, "/api/films", origin="https://evil.example")
    assert answer.status_code == 204
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert answer.headers["Vary"] == "Origin"


def test_options_that_are_no_preflight_are_answered_as_ever(api, client):
    preflight(client, "/api/films")
    answer = client.options("/api/films")
    assert (answer.status_code, answer.allow.to_header()) == (200, answer.allow.to_header())
    assert "POST" in answer.headers["Allow"]
    assert preflight(client, "/other").status_code == 200


def test_any_header_is_reflected_as_names_only(app, client):
    app.cors("*", headers="*")
    asked = "x-a, x-b, b@d(, x-c"
    answer = preflight(client, "/", **{"Access-Control-Request-Headers": asked})
    assert answer.headers["Access-Control-Allow-Headers"] == "x-a, x-b, x-c"
    assert answer.headers[ALLOW] == "*"


def test_the_longest_path_counts_and_of_equals_the_last(app, client):
    app.cors([SHOP], path="/")
    app.cors(["https://old.example"], path="/api")
    app.cors(["https://new.example"], path="/api/")
    app.add_url_rule("/api/x", "x", lambda: "x")
    app.add_url_rule("/x", "y", lambda: "x")
    read = {
        (path, origin): client.get(path, headers={"Origin": origin}).headers.get(ALLOW)
        for path in ("/x", "/api/x", "/api/nowhere")
        for origin in (SHOP, "https://old.example", "https://new.example")
    }
    assert {key for key, value in read.items() if value} == {
        ("/x", SHOP), ("/api/x", "https://new.example"), ("/api/nowhere", "https://new.example"),
    }  # fmt: skip


def test_a_path_without_variable_parts_is_answered_alike_every_time(api, client):
    for origin, allowed in [(SHOP, SHOP), ("https://evil.example", None), (SHOP, SHOP)]:
        assert client.get("/api/films", headers={"Origin": origin}).headers.get(ALLOW) == allowed


# Blueprints.


@pytest.mark.parametrize("prefix", [None, "/api"])
def test_a_blueprint_shares_its_routes_and_those_of_blueprints_in_it(app, client, prefix):
    outer, inner = Blueprint("outer", "outer"), Blueprint("inner", "inner")
    outer.cors([SHOP])
    outer.add_url_rule("/mine", "mine", lambda: "x", methods=["PUT"])
    inner.add_url_rule("/deep", "deep", lambda: abort(404))
    outer.register_blueprint(inner)
    app.register_blueprint(outer, url_prefix=prefix)
    app.add_url_rule("/mine-not", "other", lambda: "x")
    below = prefix or ""
    headers = {"Origin": SHOP}
    assert client.put(f"{below}/mine", headers=headers).headers.get(ALLOW) == SHOP
    assert client.get(f"{below}/deep", headers=headers).headers.get(ALLOW) == SHOP
    assert client.get("/mine-not", headers=headers).headers.get(ALLOW) is None
    assert preflight(client, f"{below}/mine", "PUT").headers.get(ALLOW) == SHOP
    wrong_method = client.get(f"{below}/mine", headers=headers)
    assert (wrong_method.status_code, wrong_method.headers.get(ALLOW)) == (405, SHOP)
    found = client.get(f"{below}/nowhere", headers=headers).headers.get(ALLOW)
    assert found == (SHOP if prefix else None)


def test_the_inner_blueprint_s_word_counts(app, client):
    outer, inner = Blueprint("outer", "outer", url_prefix="/o"), Blueprint("inner", "inner", url_prefix="/i")
    outer.cors(["https://outer.example"])
    inner.cors([SHOP])
    inner.add_url_rule("/x", "x", lambda: "x")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.cors(["https://app.example"], path="/o/i/x")
    assert client.get("/o/i/x", headers={"Origin": SHOP}).headers.get(ALLOW) == SHOP
    assert client.get("/o/i/x", headers={"Origin": "https://outer.example"}).headers.get(ALLOW) is None


# What is refused.


@pytest.mark.parametrize("owner", [Flask("x"), Blueprint("b", "b")], ids=["app", "blueprint"])
@pytest.mark.parametrize(
    ("origins", "options", "word"),
    [
        ("*", {"credentials": True}, "credentials"), ([SHOP, "*"], {"credentials": True}, "credentials"),
        (["https://*.example"], {}, "no origin"), (["https://shop.example/"], {}, "no origin"),
        (["shop.example"], {}, "no origin"), (["null"], {}, "no origin"), (["https://a@b"], {}, "no origin"),
        ([SHOP], {"methods": ["GET, POST"]}, "methods"), ([SHOP], {"headers": ["X-A\r\nX-B"]}, "headers"),
        ([SHOP], {"expose": ["a b"]}, "expose"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_where_it_is_written(owner, origins, options, word):
    with pytest.raises(ValueError, match=word):
        owner.cors(origins, **options)


def test_a_path_begins_with_a_slash():
    with pytest.raises(ValueError, match="begins with a slash"):
        Flask("x").cors([SHOP], path="api")
