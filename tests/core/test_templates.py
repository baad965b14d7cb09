"""What templates escape natively: everything that is not named as plain text, and what goes into a script."""

from __future__ import annotations

import json

import pytest
from jinja2 import DictLoader

from demijohn import render_template, render_template_string

HOSTILE = "<script>'\"&"
NAMES = ["page.html", "page.html.j2", "page.jinja", "page.jinja2", "page.md", "page.svg", "page", "page.HTML"]


@pytest.fixture
def rendered(app):
    """Render a template of a given name, through an application, in a request."""

    def render(name, source, **context):
        app.jinja_loader = DictLoader({name: source})
        with app.test_request_context():
            return render_template(name, **context)

    return render


@pytest.mark.parametrize("name", NAMES)
def test_case_46_a_template_is_escaped_whatever_its_suffix(rendered, name):
    assert rendered(name, "{{ text }}", text=HOSTILE) == "&lt;script&gt;&#39;&#34;&amp;"


@pytest.mark.parametrize("name", ["mail.txt", "mail.txt.j2", "mail.text"])
def test_case_46_a_template_named_as_plain_text_is_not(rendered, name):
    assert rendered(name, "{{ text }}", text=HOSTILE) == HOSTILE


def test_case_46_a_template_of_a_string_is_escaped(app):
    with app.test_request_context():
        assert render_template_string("{{ text }}", text="<") == "&lt;"


@pytest.mark.parametrize(
    "value", ["</script><script>", "<!--", "it's", 'a "b"', "a & b", "\u2028\u2029", {"<": ["'"]}]
)
def test_case_47_tojson_ends_neither_script_nor_attribute(rendered, value):
    text = rendered("page.html", "{{ value|tojson }}", value=value)
    assert not set(text) & set("<>&'\u2028\u2029")
    assert json.loads(text) == value
