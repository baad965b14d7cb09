"""Where a form's data comes from, and when it is submitted and protected."""

from __future__ import annotations

from io import BytesIO

import pytest
import wtforms
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    FormField,
    IntegerField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, Length

from demijohn import render_template_string, request
from demijohn.ext.forms import CSRFProtect, FileField, FlaskForm, Form
from demijohn.policy import Policy

SAME = {"Sec-Fetch-Site": "same-origin"}


class Address(FlaskForm):
    street = StringField("Street", [DataRequired(), Length(max=20)])


class Order(FlaskForm):
    name = StringField("Name", [Length(max=20)])
    count = IntegerField()
    price = DecimalField(places=None)
    gift = BooleanField()
    sizes = SelectMultipleField(choices=["s", "m"])
    tags = FieldList(StringField("Tag", [Length(max=9)]))
    address = FormField(Address)
    others = FieldList(FormField(Address))
    photo = FileField()


def values(form):
    skipped = {"csrf_token", "photo"}
    found = {name: field.data for name, field in form._fields.items() if name not in skipped}
    return found | {"price": form.price.data and str(form.price.data)}


EXPECTED = {
    "name": "Ada", "count": 5, "price": "0.1", "gift": True, "sizes": ["s", "m"], "tags": ["old", "red"],
    "address": {"street": "Here"}, "others": [{"street": "There"}, {"street": "Elsewhere"}],
}  # fmt: skip

FIELDS = {
    "name": "Ada", "count": "5", "price": "0.1", "gift": "y", "sizes": ["s", "m"], "tags-0": "old", "tags-1": "red",
    "address-street": "Here", "others-0-street": "There", "others-1-street": "Elsewhere",
}  # fmt: skip

JSON = {
    "name": "Ada", "count": 5, "price": 0.1, "gift": True, "sizes": ["s", "m"], "tags": ["old", "red"],
    "address": {"street": "Here"}, "others": [{"street": "There"}, {"street": "Elsewhere"}],
}  # fmt: skip


@pytest.fixture
def ordering(every_site):
    def order():
        form = Order()
        valid = form.validate_on_submit()
        photo = form.photo.data
        return {
            "valid": valid,
            "values": values(form),
            "photo": photo and [photo.filename, photo.read().decode()],
            "errors": {k: v for k, v in form.errors.items() if k != "csrf_token"},
        }

    every_site.route("/", order)
    every_site.app.add_url_rule("/query", view_func=lambda: values(Order(request.args)), endpoint="query")
    return every_site.client()


def test_data_comes_from_fields(ordering):
    assert ordering.post("/", data=FIELDS, headers=SAME).json["values"] == EXPECTED


def test_data_comes_from_fields_and_files(ordering):
    answer = ordering.post("/", data={**FIELDS, "photo": (BytesIO(b"bytes"), "a.png")}, headers=SAME).json
    assert answer["values"] == EXPECTED
    assert answer["photo"] == ["a.png", "bytes"]


def test_data_comes_from_json_as_from_fields(ordering):
    answer = ordering.post("/", json=JSON, headers=SAME).json
    assert answer["values"] == EXPECTED
    assert answer["valid"] is True


def test_what_is_null_or_of_the_wrong_kind_is_an_error_of_its_field(ordering):
    wrong = {
        "name": None,
        "count": "many",
        "gift": False,
        "address": {"street": {"a": 1}},
        "tags": [None, {}, [1]],
    }
    answer = ordering.post("/", json=wrong, headers=SAME)
    assert answer.status_code == 200
    assert answer.json["valid"] is False
    assert answer.json["values"]["gift"] is False
    assert set(answer.json["errors"]) == {"address", "count"}


@pytest.mark.parametrize("body", ["[1]", '"text"', "5", "true", "null"])
def test_json_that_is_no_object_is_a_bad_request(ordering, body):
    answer = ordering.post("/", data=body, content_type="application/json", headers=SAME)
    assert answer.status_code == 400
    assert "JSON object" in answer.text


def test_as_in_flask_wtf_json_reaches_fields_as_it_is(site):
    site.app.policy = Policy(json_as_fields=False)

    def order():
        form = Order()
        return {"name": form.name.data, "count": form.count.data}

    site.route("/", order)
    assert site.client().post("/", json={"name": {"a": 1}, "count": 5}).json == {"name": {"a": 1}, "count": 5}


def test_data_can_be_given_and_left_out(ordering, site):
    assert ordering.get("/query?name=Bob&count=2").json["name"] == "Bob"
    with site.app.test_request_context("/", method="POST", data={"name": "x"}):
        assert Order(None).name.data is None
        assert Order(None, data={"name": "given"}).name.data == "given"


def test_a_form_is_submitted_by_methods_that_change_something(every_site, name_form):
    every_site.route(
        "/", lambda: str(name_form().is_submitted()), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]
    )
    client = every_site.client()
    submitted = {m: client.open("/", method=m).text for m in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    assert [method for method, answer in submitted.items() if answer == "True"] == [
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
    ]


def test_outside_of_a_request_nothing_is_submitted(site):
    class Plain(FlaskForm):
        class Meta:
            csrf = False

    with site.app.app_context():
        assert not Plain().validate_on_submit()


# Protection of forms.


@pytest.fixture
def joining(every_site, name_form):
    def join():
        form = name_form()
        if form.validate_on_submit():
            return "done"
        return render_template_string("{{ form.hidden_tag() }}{{ form.errors }}", form=form)

    every_site.route("/", join)
    return every_site.client()


def test_a_form_asks_for_its_token(joining, token_in):
    token = token_in(joining.get("/").text)
    assert "The CSRF token is missing." in joining.post("/", data={"name": "a"}).text
    assert "The CSRF token is invalid." in joining.post("/", data={"name": "a", "csrf_token": "no"}).text
    assert joining.post("/", data={"name": "a", "csrf_token": token}).text == "done"
    assert joining.post("/", json={"name": "a", "csrf_token": token}).text == "done"


def test_a_form_that_a_browser_vouches_for_needs_none(joining):
    assert joining.post("/", data={"name": "a"}, headers=SAME).text == "done"
    assert joining.post("/", data={"name": "a"}, headers={"Origin": "http://localhost"}).text == "done"


def test_a_stale_tab_is_believed_where_the_browser_vouches(joining):
    assert joining.post("/", data={"name": "a", "csrf_token": "of yesterday"}, headers=SAME).text == "done"


def test_case_38_a_form_that_a_browser_does_not_vouch_for_needs_its_token(every_site, joining):
    every_site.app.config["CROSS_ORIGIN_CHECK"] = False
    for fields in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, {"Origin": "http://localhost:81"}):
        assert "The CSRF token is missing." in joining.post("/", data={"name": "a"}, headers=fields).text


def test_a_form_can_always_ask(every_site, joining):
    every_site.app.config["WTF_CSRF_REQUIRE_TOKEN"] = True
    assert "The CSRF token is missing." in joining.post("/", data={"name": "a"}, headers=SAME).text


def test_a_form_need_not_ask_again(site, name_form):
    CSRFProtect(site.app)
    site.route("/", lambda: str(name_form(None, data={"name": "a"}).validate()))
    token = None
    site.route("/token", lambda: name_form().csrf_token.current_token, endpoint="token")
    client = site.client()
    token = client.get("/token").text
    assert client.post("/", headers={"X-CSRFToken": token}).text == "True"


def test_a_form_may_be_without_protection(site, name_form):
    site.app.config["WTF_CSRF_ENABLED"] = False
    with site.app.test_request_context():
        assert "csrf_token" not in name_form()
    site.app.config["WTF_CSRF_ENABLED"] = True
    with site.app.test_request_context():
        assert "csrf_token" not in name_form(meta={"csrf": False})
        assert "csrf_token" in name_form()


def test_a_form_in_a_form_has_no_token_of_its_own(site):
    with site.app.test_request_context():
        form = Order(data={"others": [{"street": "There"}]})
        assert "csrf_token" in form
        assert "csrf_token" not in form.address.form
        assert "csrf_token" not in form.others[0].form


def test_a_form_in_one_without_protection_keeps_its_own(site):
    class Outer(wtforms.Form):
        address = FormField(Address)

    with site.app.test_request_context():
        assert "csrf_token" in Outer().address.form


def test_a_form_may_have_a_key_of_its_own(site):
    class Keyed(FlaskForm):
        class Meta:
            csrf_secret = "a key of this form"
            csrf_field_name = "proof"
            csrf_time_limit = 5

    site.route("/", lambda: str(Keyed().validate_on_submit() or Keyed().proof.current_token))
    client = site.client()
    assert client.post("/", data={"proof": client.get("/").text}).text == "True"


def test_hidden_tag_has_the_hidden_fields_or_those_of_them_that_are_named(site):
    class Hiding(FlaskForm):
        name = StringField()
        key = wtforms.HiddenField()
        count = IntegerField(widget=wtforms.widgets.HiddenInput())

    with site.app.test_request_context():
        form = Hiding()
        everything = form.hidden_tag()
        assert [name in everything for name in ("csrf_token", "key", "count", 'name="name"')] == [
            True,
            True,
            True,
            False,
        ]
        assert form.hidden_tag("key", form.count, "name", "nothing") == f"{form.key}\n{form.count}"


def test_a_plain_form_is_as_wtforms_has_it(site):
    class Plain(Form):
        name = StringField("Name", [DataRequired()])

    form = Plain()
    assert not form.validate()
    assert form.errors == {"name": ["This field is required."]}
    assert isinstance(form, wtforms.Form)


def test_the_field_of_the_token_is_as_wtforms_renders_one(site, name_form):
    with site.app.test_request_context():
        field = name_form(prefix="a&b").csrf_token
        assert str(field()) == str(wtforms.widgets.HiddenInput()(field))
        assert str(field(class_="x")) == str(wtforms.widgets.HiddenInput()(field, class_="x"))
