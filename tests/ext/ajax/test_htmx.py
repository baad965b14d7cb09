"""What htmx says of a request, and what an answer tells it."""

from __future__ import annotations

import json

import pytest

from demijohn import Flask, Request, redirect, render_block, request
from demijohn.ext.ajax import Htmx, hx, hx_redirect

ATTRIBUTES = {
    "current_url": ("HX-Current-URL", "http://localhost/a"),
    "prompt": ("HX-Prompt", "yes"),
    "target": ("HX-Target", "div#rows"),
    "trigger": ("HX-Trigger", "button"),
    "trigger_name": ("HX-Trigger-Name", "save"),
    "source": ("HX-Source", "button#save"),
    "request_type": ("HX-Request-Type", "partial"),
}


@pytest.fixture
def look(app, client):
    """Ask for an attribute of `request.htmx`; gives it and the answer's Vary."""
    Htmx(app)

    @app.get("/<name>")
    def index(name):
        return {"value": bool(request.htmx) if name == "bool" else getattr(request.htmx, name)}

    def ask(name, **headers):
        answer = client.get(
            f"/{name}", headers={key.replace("_", "-"): value for key, value in headers.items()}
        )
        return answer.json["value"], answer.headers.get("Vary", "")

    return ask


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_each_attribute_is_its_header_field_and_goes_into_vary(look, name):
    field, value = ATTRIBUTES[name]
    assert look(name, HX_Request="true", **{field: value}) == (value, f"HX-Request, {field}")
    assert look(name, **{field: value}) == (None, "HX-Request")
    assert look(name, HX_Request="true")[0] is None


@pytest.mark.parametrize("field", ["HX-Trigger-Name", "HX-Current-URL"])
def test_values_that_htmx_has_encoded_are_decoded(look, field):
    name = {"HX-Trigger-Name": "trigger_name", "HX-Current-URL": "current_url"}[field]
    headers = {"HX_Request": "true", field: "A%C3%B1ejo%20%25"}
    assert look(name, **headers)[0] == "A%C3%B1ejo%20%25"
    assert look(name, **headers, **{f"{field}-URI-AutoEncoded": "true"})[0] == "Añejo %"


def test_it_is_false_for_others(look):
    assert look("bool") == (False, "HX-Request")
    assert look("bool", HX_Request="false")[0] is False
    assert look("bool", HX_Request="true")[0] is True


@pytest.mark.parametrize(
    ("headers", "partial"),
    [
        ({}, False),
        ({"HX_Request": "true"}, True),
        ({"HX_Request": "true", "HX_Boosted": "true"}, False),
        ({"HX_Request": "true", "HX_History_Restore_Request": "true"}, False),
        ({"HX_Request": "true", "HX_Request_Type": "full"}, False),
        ({"HX_Request": "true", "HX_Request_Type": "partial"}, True),
    ],
)
def test_a_fragment_is_wanted_or_a_page(look, headers, partial):
    value, vary = look("partial", **headers)
    assert value is partial
    assert "HX-Request" in vary
    if headers:
        assert {"HX-Boosted", "HX-History-Restore-Request", "HX-Request-Type"} <= set(vary.split(", "))


def test_an_application_whose_requests_have_a_class_of_their_own_keeps_it(app):
    class Own(Request):
        mine = 5

    app.request_class = Own
    Htmx(app)
    Htmx(app)
    with app.test_request_context(headers={"HX-Request": "true"}):
        assert request.mine == 5
        assert request.htmx


def test_a_page_that_does_not_look_has_no_vary(app, client):
    Htmx(app)
    app.add_url_rule("/", "index", lambda: "page")
    assert "Vary" not in client.get("/").headers


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"trigger": "saved"}, "HX-Trigger", "saved"),
        ({"trigger": ["saved", "cellar:changed"]}, "HX-Trigger", "saved, cellar:changed"),
        ({"trigger": {"saved": {"name": "Añejo"}}}, "HX-Trigger", r'{"saved":{"name":"A\u00f1ejo"}}'),
        ({"trigger": "añejo"}, "HX-Trigger", r'{"a\u00f1ejo":null}'),
        ({"trigger": ["a, b", "c"]}, "HX-Trigger", '{"a, b":null,"c":null}'),
        ({"trigger_after_swap": "x"}, "HX-Trigger-After-Swap", "x"),
        ({"trigger_after_settle": {"x": 1}}, "HX-Trigger-After-Settle", '{"x":1}'),
        ({"push_url": "/a é"}, "HX-Push-Url", "/a%20%C3%A9"),
        ({"push_url": False}, "HX-Push-Url", "false"),
        ({"replace_url": True}, "HX-Replace-Url", "true"),
        ({"redirect": "/x"}, "HX-Redirect", "/x"),
        ({"location": "/x"}, "HX-Location", "/x"),
        ({"location": {"path": "/é", "target": "#a"}}, "HX-Location", '{"path":"/%C3%A9","target":"#a"}'),
        ({"refresh": True}, "HX-Refresh", "true"),
        ({"refresh": False}, "HX-Refresh", "false"),
        ({"retarget": "#a"}, "HX-Retarget", "#a"),
        ({"reswap": "outerHTML"}, "HX-Reswap", "outerHTML"),
        ({"reselect": "#b"}, "HX-Reselect", "#b"),
    ],
)  # fmt: skip
def test_an_answer_tells_htmx(app, client, options, field, value):
    app.add_url_rule("/", "index", lambda: hx(("text", 201), **options))
    answer = client.get("/")
    assert (answer.status_code, answer.text, answer.headers[field]) == (201, "text", value)
    assert [name for name in answer.headers.keys() if name.lower().startswith("hx-")] == [  # noqa: SIM118
        name
        for name in answer.headers.keys()
        if name.lower() == field.lower()  # noqa: SIM118
    ]


def test_a_redirect_cannot_tell_htmx_anything_and_says_why(app):
    with app.test_request_context(), pytest.raises(ValueError, match="HX-Trigger.*303"):
        hx(redirect("/x", 303), trigger="saved")
    with app.test_request_context():
        assert hx(redirect("/x", 303)).status_code == 303


@pytest.mark.parametrize("option", ["redirect", "location", "push_url", "replace_url"])
@pytest.mark.parametrize("url", ["javascript:alert(1)", "/a\r\nSet-Cookie: a=b"])
def test_an_address_that_must_not_be_gone_to_is_refused(app, option, url):
    with app.test_request_context(), pytest.raises(ValueError):  # noqa: PT011
        hx("", **{option: url})


def test_a_redirect_reaches_htmx_by_its_field_and_others_by_303(app, client):
    app.add_url_rule("/", "index", lambda: hx_redirect("/é"))
    answer = client.get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/%C3%A9")
    assert "Location" not in answer.headers
    other = client.get("/")
    assert (other.status_code, other.headers["Location"]) == (303, "/%C3%A9")
    assert answer.headers["Vary"] == other.headers["Vary"] == "HX-Request"


TEMPLATES = {
    "base.html": "<html>{% block rows %}none{% endblock %}{% block foot %}foot{% endblock %}</html>",
    "cellar.html": (
        "{% extends 'base.html' %}{% set unit = 'l' %}"
        "{% block rows %}{{ super() }}{% for b in bottles %}<i>{{ b }} {{ unit }}</i>{% endfor %}{% endblock %}"
    ),
    "alone.html": "{% set a = 1 %}{% macro m(x) %}[{{ x }}]{% endmacro %}{% block b %}{{ m(a) }}{% endblock %}",
}


@pytest.fixture
def templates(app, tmp_path):
    from jinja2 import DictLoader

    app.jinja_loader = DictLoader(TEMPLATES)
    return app


def test_one_block_of_a_template_is_rendered(templates):
    with templates.test_request_context():
        assert render_block("cellar.html", "rows", bottles=["<a>", "b"]) == "none<i>&lt;a&gt; l</i><i>b l</i>"
        assert render_block("cellar.html", "foot") == "foot"
        assert render_block("alone.html", "b") == "[1]"


def test_a_block_that_there_is_not_is_named_with_those_there_are(templates):
    with templates.test_request_context(), pytest.raises(ValueError, match=r"'raws'.*foot, rows"):
        render_block("cellar.html", "raws")


def test_a_block_sees_what_context_processors_add(templates):
    templates.context_processor(lambda: {"a": 7})
    templates.jinja_loader.mapping["p.html"] = "{% block b %}{{ a }} {{ request.path }}{% endblock %}"
    with templates.test_request_context("/x"):
        assert render_block("p.html", "b") == "7 /x"


def test_the_members_of_events_are_json(app):
    with app.test_request_context():
        told = hx("", trigger={"a": None, "b": [1, "é"]}).headers["HX-Trigger"]
    assert json.loads(told) == {"a": None, "b": [1, "é"]}
    assert told.isascii()


def test_it_is_given_to_an_application_later():
    app = Flask("later")
    extension = Htmx()
    extension.init_app(app)
    assert app.extensions["htmx"] is extension
