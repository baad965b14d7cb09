"""demijohn/forms.html: what a browser and a screen reader make of it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import wtforms
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from demijohn import render_template_string
from demijohn.ext.forms import FileField, FlaskForm, MultipleFileField, RecaptchaField

PAGE = '{% from "demijohn/forms.html" import render_form %}{{ render_form(form, **options) }}'
VOID = {"input", "br", "meta"}


class Page(HTMLParser):
    """The elements of a page, with the text in them; what is left open, or closed twice, is an error."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        assert len(dict(attributes)) == len(attributes), f"an attribute twice: {attributes}"
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, *tags):
        return [element for element in self.elements if element["tag"] in tags]

    def one(self, **wanted):
        (found,) = [e for e in self.elements if all(e.get(k) == v for k, v in wanted.items())]
        return found


class Address(FlaskForm):
    street = StringField("Street", [DataRequired()], description="With its number.")
    plan = FileField("Plan")


class Everything(FlaskForm):
    name = StringField("Name", [DataRequired()], description="As <written>.", render_kw={"class": "wide"})
    text = TextAreaField("Text")
    agreed = BooleanField("Agreed", [DataRequired()])
    size = SelectField("Size", choices=["s", "m"])
    way = RadioField("Way", choices=["post", "van"], description="One of them.")
    days = SelectMultipleField(
        "Days", [DataRequired()], choices=["mo", "tu"], widget=ListWidget(), option_widget=CheckboxInput()
    )
    address = FormField(Address, "Address")
    tags = FieldList(StringField("Tag", [DataRequired()]), "Tags", [Length(min=3)], min_entries=2)
    key = HiddenField()


@pytest.fixture
def render(site):
    def make(form, asked="POST", data=None, **options):
        with site.app.test_request_context(method=asked, data=data or {}):
            made = form()
            if asked == "POST":
                made.validate()
            return Page(render_template_string(PAGE, form=made, options=options))

    return make


@pytest.fixture(params=["GET", "POST"])
def page(request, render):
    """The form as it is at first, and with everything wrong."""
    return render(Everything, request.param, {"way": "cart"})


def shown(page):
    return [e for e in page.all("input", "select", "textarea") if e.get("type") != "hidden"]


def test_each_input_has_one_label(page):
    ids = [e["id"] for e in shown(page)]
    assert sorted(label["for"] for label in page.all("label")) == sorted(ids)
    assert len(ids) == 12
    assert all(label["text"] for label in page.all("label"))


def test_each_group_has_a_legend(page):
    assert [e["text"] for e in page.all("legend")] == ["Way", "Days", "Address", "Tags"]


def test_no_id_is_there_twice_and_none_is_named_that_is_not_there(page):
    ids = [e["id"] for e in page.elements if "id" in e]
    assert len(ids) == len(set(ids))
    named = [name for e in page.elements for name in e.get("aria-describedby", "").split()]
    assert set(named) <= set(ids)
    assert named


def test_what_is_wrong_says_so_and_names_description_and_errors(render):
    page = render(Everything, data={"way": "cart"})
    invalid = {e["id"] for e in shown(page) if e.get("aria-invalid") == "true"}
    assert invalid == {
        "name", "agreed", "size", "way-0", "way-1", "days-0", "days-1", "address-street", "tags-0", "tags-1"
    }  # fmt: skip
    described = {e["id"]: e["aria-describedby"] for e in page.elements if "aria-describedby" in e}
    assert described == {
        "name": "name-description name-errors",
        "agreed": "agreed-errors",
        "size": "size-errors",
        "way": "way-description way-errors",
        "days": "days-errors",
        "address-street": "address-street-description address-street-errors",
        "tags": "tags-errors",
        "tags-0": "tags-0-errors",
        "tags-1": "tags-1-errors",
    }
    assert page.one(id="name-errors")["text"] == "This field is required."
    assert page.one(id="name-description")["text"] == "As <written>."
    assert page.one(id="tags-errors")["text"] == "Field must be at least 3 characters long."


def test_at_first_nothing_is_wrong(render):
    page = render(Everything, "GET")
    assert not [e for e in page.elements if "aria-invalid" in e or e["tag"] == "ul"]
    described = {e["id"]: e["aria-describedby"] for e in page.elements if "aria-describedby" in e}
    assert described == {
        "name": "name-description", "way": "way-description", "address-street": "address-street-description"
    }  # fmt: skip


def test_there_is_one_token_and_every_hidden_field(page):
    hidden = [e["name"] for e in page.all("input") if e.get("type") == "hidden"]
    assert hidden == ["key", "csrf_token"]


def test_what_is_wrong_with_hidden_fields_is_said_at_the_top(render):
    alert = render(Everything).one(role="alert")
    assert alert["text"] == "The CSRF token is missing."


def test_not_every_box_of_a_group_is_required(render):
    page = render(Everything, "GET")
    required = {e["id"] for e in shown(page) if "required" in e}
    assert required == {"name", "agreed", "address-street", "tags-0", "tags-1"}


class Plain(FlaskForm):
    name = StringField("Name")


@pytest.mark.parametrize(
    "fields",
    [
        {"a": FileField("A")},
        {"a": MultipleFileField("A")},
        {"a": wtforms.FileField("A")},
        {"a": FormField(Address)},
        {"a": FieldList(FormField(Address), min_entries=1)},
        {"a": FieldList(FileField("A"), min_entries=1)},
    ],
)
def test_with_a_file_the_form_is_sent_as_multipart(render, fields):
    assert render(type("F", (FlaskForm,), fields), "GET").all("form")[0]["enctype"] == "multipart/form-data"
    assert "enctype" not in render(Plain, "GET").all("form")[0]


def test_a_button_is_added_unless_there_is_one(render):
    assert render(Plain, "GET", submit="Join").one(tag="button")["text"] == "Join"
    assert render(Plain, "GET", submit="").all("button") == []

    class Own(Plain):
        go = SubmitField("Go")

    own = render(Own, "GET")
    assert own.all("button") == []
    assert own.one(type="submit")["value"] == "Go"
    assert [label["text"] for label in own.all("label")] == ["Name"]


def test_a_form_for_searching_sends_no_token(render):
    page = render(Plain, "GET", method="get", action="/search?a=1&b=2")
    assert page.all("form")[0]["action"] == "/search?a=1&b=2"
    assert [e["name"] for e in page.all("input")] == ["name"]


def test_more_attributes_are_those_of_the_form(render):
    form = render(Plain, "GET", id="join", class_="wide", novalidate=True).all("form")[0]
    assert (form["id"], form["class"], "novalidate" in form, form["method"]) == ("join", "wide", True, "post")


def test_classes_are_a_setting(site, render):
    parts = "form field label input select check check_label group legend description errors invalid submit".split()
    site.app.config["WTF_FORM_CLASSES"] = {part: f"x-{part}" for part in parts}
    page = render(Everything)
    assert page.one(id="name")["class"] == "x-input x-invalid wide"
    assert page.one(id="size")["class"] == "x-select x-invalid"
    assert page.one(id="text")["class"] == "x-input"
    assert page.one(id="agreed")["class"] == page.one(id="way-0")["class"] == "x-check x-invalid"
    assert {label["class"] for label in page.all("label")} == {"x-label", "x-check_label"}
    classes = {name for e in page.elements for name in e.get("class", "").split()}
    assert classes == {f"x-{part}" for part in parts} | {"wide"}


def test_one_field_may_have_attributes_of_its_own(site):
    source = (
        '{% from "demijohn/forms.html" import render_field %}'
        '{{ render_field(form.name, autofocus=true, class_="short", aria_describedby="note") }}'
    )
    with site.app.test_request_context():
        name = Page(render_template_string(source, form=Everything())).one(id="name")
    assert "autofocus" in name
    assert name["class"] == "wide short"
    assert name["aria-describedby"] == "note name-description"


def test_what_people_wrote_is_escaped(render, site):
    class Evil(FlaskForm):
        a = StringField(
            "<script>",
            [Length(max=1, message="<script>")],
            description="<script>",
            render_kw={"x": "<script>"},
        )

    page = render(Evil, data={"a": "<script>"}, submit="<script>", action='"><script>')
    assert page.all("script") == []


def test_a_captcha_has_its_place(site, render):
    site.app.config["RECAPTCHA_PUBLIC_KEY"] = "public"
    page = render(type("F", (FlaskForm,), {"captcha": RecaptchaField()}), "GET")
    assert page.one(id="captcha")["data-sitekey"] == "public"
    assert page.all("label") == []


def test_a_form_of_wtforms_itself_is_rendered_too(site, render):
    class Theirs(wtforms.Form):
        name = StringField("Name")
        file = wtforms.FileField("File")

    page = render(Theirs, "GET")
    assert page.all("form")[0]["enctype"] == "multipart/form-data"
    assert [label["text"] for label in page.all("label")] == ["Name", "File"]


def test_an_application_may_put_its_own_in_the_place_of_the_template(site, tmp_path):
    (tmp_path / "demijohn").mkdir()
    (tmp_path / "demijohn" / "forms.html").write_text("{% macro render_form(form) %}own{% endmacro %}")
    site.app.template_folder = str(tmp_path)
    with site.app.test_request_context():
        assert render_template_string(PAGE, form=Plain(), options={}) == "own"
