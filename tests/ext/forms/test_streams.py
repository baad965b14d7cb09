"""A token that is first asked for in a streamed page: its cookie has been sent by then."""

from __future__ import annotations

import pytest

from demijohn import stream_template, stream_template_string
from demijohn.ext.forms import CSRFProtect

SOURCES = {
    "token": '{% for n in range(1000) %}{{ n }}\n{% endfor %}<input name=csrf_token value="{{ csrf_token() }}">',
    "meta": "{{ csrf_meta_tag() }}",
    "in a block": '{% block a %}<input name=csrf_token value="{{ csrf_token() }}">{% endblock %}',
    "in a macro": '{% macro f() %}<input name=csrf_token value="{{ csrf_token() }}">{% endmacro %}{{ f() }}',
    "elsewhere": "{% include 'part.html' %}",
    "below": "{% extends 'base.html' %}",
}


@pytest.fixture
def streaming(every_site, tmp_path):
    (tmp_path / "part.html").write_text(SOURCES["token"])
    (tmp_path / "base.html").write_text("{% block a %}{% include 'part.html' %}{% endblock %}")
    every_site.app.template_folder = str(tmp_path)
    CSRFProtect(every_site.app)
    every_site.route("/save", lambda: "saved", endpoint="save")
    return every_site


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_cookie_is_sent_and_the_post_passes(streaming, source, token_in):
    streaming.route("/", lambda: stream_template_string(source), endpoint="page")
    client = streaming.client()
    answer = client.get("/")
    assert answer.headers["Set-Cookie"].startswith(("session=", "__Host-session="))
    assert client.post("/save", data={"csrf_token": token_in(answer.text)}).text == "saved"


def test_the_same_of_a_template_in_a_file(streaming, token_in):
    streaming.route("/", lambda: stream_template("part.html"), endpoint="page")
    client = streaming.client()
    assert client.post("/save", data={"csrf_token": token_in(client.get("/").text)}).text == "saved"


def test_a_streamed_page_without_forms_sends_no_cookie(streaming):
    streaming.route(
        "/", lambda: stream_template_string("{% for n in range(9) %}{{ n }}{% endfor %}"), endpoint="page"
    )
    answer = streaming.client().get("/")
    assert answer.text == "012345678"
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
