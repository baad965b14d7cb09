"""Methods and paths that are not there: 404, 405 and OPTIONS, on the short way and on the complete one."""

from __future__ import annotations

import pytest

from demijohn import Flask, current_app, redirect, request, safe_redirect
from demijohn.compat.app import Flask as CompatFlask
from demijohn.views import MethodView


@pytest.fixture(params=["short way", "with a hook", "with handlers"])
def site(request, app):
    if request.param == "with a hook":
        app.before_request(lambda: None)
        app.after_request(lambda response: response)
    if request.param == "with handlers":
        app.register_error_handler(404, lambda e: e)
        app.register_error_handler(405, lambda e: e)
    app.add_url_rule("/", "index", lambda: "answer")
    app.add_url_rule("/item/<int:number>", "item", lambda number: str(number), methods=["GET", "PUT"])
    return app


@pytest.mark.parametrize("path", ["/nowhere", "/item/three", "/item/", "/item/3/", "//", "/%00", "/é"])
def test_a_path_that_is_not_there_is_404(site, client, path):
    assert client.get(path).status_code in (404, 308)


@pytest.mark.parametrize(
    ("path", "allowed"), [("/", "GET HEAD OPTIONS"), ("/item/3", "GET HEAD OPTIONS PUT")]
)
def test_a_method_that_is_not_there_is_405_with_those_that_are(site, client, path, allowed):
    answer = client.delete(path)
    assert answer.status_code == 405
    assert sorted(answer.headers["Allow"].split(", ")) == allowed.split()


@pytest.mark.parametrize("method", ["HELPER", "get", "PROPFIND", "G@T", "__CLASS__", "X" * 1000])
def test_case_7_a_method_nobody_knows_is_405_and_looks_nothing_up(site, client, method):
    assert client.open("/", method=method.upper() if method == "get" else method).status_code in (200, 405)
    if method != "get":
        assert client.open("/", method=method).status_code == 405


def test_case_7_a_method_view_takes_no_method_from_its_other_attributes(app, client):
    class Thing(MethodView):
        def get(self):
            return "got"

        def helper(self):
            pytest.fail("called from outside")

    app.add_url_rule("/", view_func=Thing.as_view("thing"))
    assert client.get("/").text == "got"
    assert client.open("/", method="HELPER").status_code == 405


@pytest.mark.parametrize(
    ("path", "allowed"), [("/", "GET HEAD OPTIONS"), ("/item/3", "GET HEAD OPTIONS PUT")]
)
def test_options_names_the_methods(site, client, path, allowed):
    answer = client.options(path)
    assert (answer.status_code, answer.data) == (200, b"")
    assert sorted(answer.headers["Allow"].split(", ")) == allowed.split()


def test_options_can_be_the_views_own(app, client):
    app.add_url_rule("/", "index", lambda: f"own {request.method}", methods=["GET", "OPTIONS"])
    assert client.options("/").text == "own OPTIONS"


def test_options_can_be_switched_off(app, client):
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/", "index", lambda: "answer")
    assert client.options("/").status_code == 405


def test_head_is_answered_by_get_without_a_body(site, client):
    answer = client.head("/")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "6")


def test_case_5_a_slash_redirect_never_leads_to_another_host(app, client):
    app.add_url_rule("/<path:rest>/", "index", lambda rest: "answer")
    for path in ("//evil.example/x", "///evil.example", "/\\evil.example/x", "/\\/evil.example"):
        answer = client.get("/", environ_overrides={"PATH_INFO": path})
        location = answer.headers.get("Location", "http://localhost/")
        assert location.startswith(("http://localhost/", "/")), path
        assert not location.removeprefix("http://localhost").startswith(("//", "/\\")), path


def test_case_6_a_path_is_decoded_once_and_the_hook_sees_what_was_routed(app, client):
    seen = []
    app.before_request(lambda: seen.append(request.path))
    app.add_url_rule("/<path:rest>", "index", lambda rest: rest)
    assert client.get("/a%252Fb").text == "a%2Fb"
    assert client.get("/a%3Bb%25").text == "a;b%"
    assert seen == ["/a%2Fb", "/a;b%"]


def test_case_8_a_number_of_5000_digits_is_404(app, client):
    app.add_url_rule("/<int:number>", "index", lambda number: "answer")
    assert client.get("/" + "9" * 5000).status_code == 404


def test_case_9_over_a_thousand_query_fields_are_400_and_a_semicolon_never_separates(app, client):
    app.add_url_rule("/", "index", lambda: {"count": len(request.args), "a": request.args.get("a")})
    assert client.get("/?" + "&".join(f"f{n}=1" for n in range(1001))).status_code == 400
    assert client.get("/?" + "&".join(f"f{n}=1" for n in range(1000))).json["count"] == 1000
    assert client.get("/?a=1;b=2").json == {"count": 1, "a": "1;b=2"}


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def back_to(app, request):
    """Redirects to a location, over one protocol: the Location that was sent."""
    app.testing = True
    wanted = []
    app.add_url_rule("/", "index", lambda: redirect(wanted[-1]))
    client = app.test_client(protocol=request.param)

    def go(location):
        wanted.append(location)
        return client.get("/", buffered=True).headers["Location"]

    yield go
    client.close()


@pytest.mark.parametrize("named", [["Com.Example.App"], "com.example.app"], ids=["list", "text"])
def test_a_redirect_goes_to_a_scheme_that_was_named(app, back_to, named):
    app.config["REDIRECT_SCHEMES"] = named
    assert back_to("com.example.app:/callback?code=1") == "com.example.app:/callback?code=1"
    assert back_to("https://e.example/") == "https://e.example/"


@pytest.mark.parametrize(
    "location", ["com.example.app:/callback", "javascript:alert(1)", "data:text/html,x", "c:/"]
)
def test_a_redirect_to_a_scheme_that_nobody_named_is_refused_and_the_message_says_how_to(app, location):
    with app.test_request_context(), pytest.raises(ValueError, match="REDIRECT_SCHEMES"):
        redirect(location)
    app.config["REDIRECT_SCHEMES"] = "abc"
    with app.test_request_context(), pytest.raises(ValueError, match="abc and relative"):
        redirect(location)


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("kind", [Flask, CompatFlask])
def test_a_redirect_that_says_no_status_has_that_of_the_setting(kind, protocol):
    app = kind(__name__)
    app.add_url_rule("/function", "function", lambda: redirect("/there"))
    app.add_url_rule("/method", "method", lambda: current_app.redirect("/there"))
    app.add_url_rule("/safe", "safe", lambda: safe_redirect("/there", "/"))
    app.add_url_rule("/said", "said", lambda: redirect("/there", 302))
    client = app.test_client(protocol=protocol)

    def statuses():
        return [client.get(f"/{name}").status_code for name in ("function", "method", "safe", "said")]

    assert statuses() == [302, 302, 302, 302]
    app.config[app.own_prefix + "REDIRECT_CODE"] = 303
    assert statuses() == [303, 303, 303, 302]
    app.config[app.own_prefix + "REDIRECT_CODE"] = None
    assert statuses() == [302, 302, 302, 302]
    client.close()


def test_under_compat_the_name_of_that_setting_is_the_applications_own():
    app = CompatFlask(__name__)
    app.config["REDIRECT_CODE"] = "our own"
    with app.app_context():
        assert redirect("/there").status_code == 302


def test_a_method_that_overrides_redirect_is_given_the_status_as_on_flask():
    class Own(Flask):
        def redirect(self, location, code):
            return f"{location} {code}"

    app = Own(__name__)
    app.config["REDIRECT_CODE"] = 303
    with app.app_context():
        assert (redirect("/there"), redirect("/there", 307)) == ("/there 303", "/there 307")


def test_a_redirect_outside_of_an_application_is_302():
    assert redirect("/there").status_code == 302
