"""Case 4: what proxies say counts as far as TRUSTED_PROXIES says, on every protocol."""

from __future__ import annotations

import pytest

from demijohn import request, url_for


@pytest.fixture
def told(app, client):
    """What the application believes, for a setting and header fields."""

    @app.route("/")
    def index():
        return {
            "address": request.remote_addr,
            "url": url_for("index", _external=True),
            "path": request.path,
            "root": request.root_path,
            "secure": request.is_secure,
        }

    def ask(setting, headers, **options):
        app.config["TRUSTED_PROXIES"] = setting
        answer = client.get("/", headers=headers, **options)
        return answer.json if answer.status_code == 200 else answer.status_code

    return ask


FORWARDED = {
    "X-Forwarded-For": "192.0.2.1, 203.0.113.7, 203.0.113.8",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
}


def test_case_4_without_the_setting_nothing_is_believed(told):
    assert told(None, FORWARDED) == {
        "address": "127.0.0.1",
        "url": "http://localhost/",
        "path": "/",
        "root": "",
        "secure": False,
    }


@pytest.mark.parametrize(("hops", "address"), [(1, "203.0.113.8"), (2, "203.0.113.7"), (3, "192.0.2.1")])
def test_case_4_with_n_hops_the_nth_from_the_right_counts(told, hops, address):
    assert told({"x_for": hops}, FORWARDED)["address"] == address


def test_case_4_fewer_entries_than_hops_are_not_believed(told):
    assert told({"x_for": 4}, FORWARDED)["address"] == "127.0.0.1"


def test_case_4_scheme_and_host_count_for_urls(told):
    seen = told(1, FORWARDED)
    assert (seen["url"], seen["secure"]) == ("https://shop.example/", True)


def test_case_4_an_untrusted_peer_is_not_believed(told):
    setting = {"x_for": 1, "x_proto": 1, "peers": ["10.0.0.0/8"]}
    assert told(setting, FORWARDED)["address"] == "127.0.0.1"
    trusted = told(setting, FORWARDED, environ_base={"REMOTE_ADDR": "10.1.2.3"})
    assert trusted["address"] == "203.0.113.8"


def test_case_4_the_forwarded_header_is_read_when_asked_for(told):
    headers = {"Forwarded": 'for="[2001:db8::1]:4711";proto=https;host=shop.example'}
    seen = told({"forwarded": 1}, headers)
    assert (seen["address"], seen["url"]) == ("2001:db8::1", "https://shop.example/")


def test_case_4_the_forwarded_header_is_not_believed_unless_asked_for(told):
    seen = told(1, {"Forwarded": "for=203.0.113.7;proto=https;host=shop.example"})
    assert (seen["address"], seen["url"]) == ("127.0.0.1", "http://localhost/")


def test_a_prefix_becomes_the_mount_point(told):
    seen = told({"x_prefix": 1}, {"X-Forwarded-Prefix": "/app"})
    assert (seen["root"], seen["path"], seen["url"]) == ("/app", "/", "http://localhost/app/")


@pytest.mark.parametrize("host", ["evil/?x=", "u@evil", ""])
def test_case_1_a_malformed_forwarded_host_is_400_or_not_believed(told, host):
    seen = told(1, {"X-Forwarded-Host": host})
    assert seen == 400 or seen["url"] == "http://localhost/"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "not an address"},
        {"X-Forwarded-For": "1.2.3.4\x00"},
        {"X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-For": "," * 10_000},
    ],
    ids=["word", "control", "scheme", "commas"],
)
def test_nonsense_from_a_proxy_is_not_believed(told, headers):
    try:
        seen = told(1, headers)
    except ValueError:
        return  # the client itself refuses to send such a field
    assert seen["address"] == "127.0.0.1"
    assert seen["secure"] is False


def test_case_10_an_underscore_never_makes_another_header(told, protocol):
    if protocol == "wsgi":
        return  # there the environ cannot tell the two apart: servers drop such fields
    assert told(1, {"X_Forwarded_For": "203.0.113.9"})["address"] == "127.0.0.1"


def test_case_10_nor_in_an_environ_that_is_read_whole(app, client, protocol):
    if protocol == "wsgi":
        return  # as above
    app.add_url_rule("/", "index", lambda: str(dict(request.environ).get("HTTP_X_FORWARDED_FOR")))
    assert client.get("/", headers={"X_Forwarded_For": "203.0.113.9"}).text == "None"


@pytest.mark.parametrize("setting", [True, "1", 1.5, -1, {"x_for": -1}])
def test_a_setting_that_makes_no_sense_is_an_error(app, client, setting):
    app.testing = True
    app.config["TRUSTED_PROXIES"] = setting
    app.add_url_rule("/", "index", lambda: "answer")
    with pytest.raises((TypeError, ValueError)):
        client.get("/")
