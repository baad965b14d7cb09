"""``demijohn routes``."""

from __future__ import annotations

import json

import pytest

from demijohn import Flask
from demijohn.cli import FlaskGroup


def show(runner, app, *arguments):
    result = runner.invoke(FlaskGroup("t", create_app=lambda: app), ["routes", *arguments])
    assert result.exit_code == 0, result.output
    return [line.split("  ") for line in result.output.splitlines()], result.output


@pytest.fixture
def app():
    app = Flask("x", static_folder=None)
    app.add_url_rule("/z/<int:x>", "b_both", methods=["GET", "POST"])
    app.add_url_rule("/y", "c_put", methods=["PUT"])
    app.add_url_rule("/a", "a_post", methods=["POST"])
    return app


def endpoints(lines):
    return [line[0].strip() for line in lines[2:]]


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ([], ["a_post", "b_both", "c_put"]),
        (["-s", "endpoint"], ["a_post", "b_both", "c_put"]),
        (["-s", "methods"], ["b_both", "a_post", "c_put"]),
        (["-s", "rule"], ["a_post", "c_put", "b_both"]),
    ],
)
def test_sorted(runner, app, arguments, order):
    assert endpoints(show(runner, app, *arguments)[0]) == order


def test_sorted_as_requests_are_matched(runner, app):
    expected = [rule.endpoint for rule in app.url_map.iter_rules()]
    assert endpoints(show(runner, app, "-s", "match")[0]) == expected


def test_automatic_methods_are_shown_on_request(runner, app):
    assert "HEAD" not in show(runner, app)[1]
    assert "GET, HEAD, OPTIONS, POST" in show(runner, app, "--all-methods")[1]


def test_websocket_rules_say_so(runner, app):
    @app.websocket("/live")
    async def live(): ...

    assert any(line.startswith("live") and "WEBSOCKET" in line for line in show(runner, app)[1].splitlines())


def test_without_rules(runner):
    assert show(runner, Flask("x", static_folder=None))[1] == "No routes were registered.\n"


def test_subdomains_get_a_column(runner):
    app = Flask("x", static_folder=None)
    app.add_url_rule("/b", "b", subdomain="shop")
    lines, output = show(runner, app, "-s", "domain")
    assert "Subdomain" in output
    assert "shop" in output


def test_hosts_get_a_column(runner):
    app = Flask("x", static_folder=None, host_matching=True)
    app.add_url_rule("/b", "b", host="a.example")
    assert "Host" in show(runner, app)[1]


def test_kind_login_and_limits_of_a_route_are_shown(runner, app):
    from demijohn.ext.login import LoginManager, fresh_login_required, login_required
    from demijohn.ext.ratelimit import Limiter, get_remote_address

    LoginManager(app)
    limiter = Limiter(get_remote_address, app=app, default_limits=["200/minute"], storage_uri="memory://")

    @app.get("/cellar")
    @login_required
    @limiter.limit("5/minute")
    async def cellar(): ...

    @app.get("/keys")
    @fresh_login_required
    def keys(): ...

    @app.websocket("/live")
    async def live(): ...

    result = runner.invoke(FlaskGroup("t", create_app=lambda: app), ["routes", "--json"])
    rows = {row["endpoint"]: row for row in json.loads(result.output)}
    assert rows["cellar"] == {
        "endpoint": "cellar", "methods": ["GET"], "rule": "/cellar", "kind": "async", "auth": "login",
        "limits": "5/minute",
    }  # fmt: skip
    assert (rows["keys"]["kind"], rows["keys"]["auth"], rows["keys"]["limits"]) == (
        "sync",
        "fresh login",
        "200/minute",
    )
    assert rows["live"]["kind"] == "websocket"
    assert rows["live"]["auth"] is rows["live"]["limits"] is None
    header = show(runner, app)[1].splitlines()[0]
    assert header.split() == ["Endpoint", "Methods", "Rule", "Kind", "Auth", "Limits"]
