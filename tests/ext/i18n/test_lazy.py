"""Lazy texts go where texts go: flash, session, JSON, forms, pickles, operators."""

from __future__ import annotations

import copy
import pickle

import pytest
from wtforms import StringField
from wtforms.validators import DataRequired

from demijohn import flash, get_flashed_messages, jsonify, render_template_string, session
from demijohn.ext.forms import FlaskForm
from demijohn.ext.i18n import (
    Domain,
    LazyString,
    force_locale,
    lazy_gettext,
    lazy_ngettext,
    lazy_npgettext,
    lazy_pgettext,
)  # fmt: skip

CELLAR, HELLO = lazy_gettext("Cellar"), lazy_gettext("Hello %(name)s!", name="<b>")


class CellarForm(FlaskForm):
    class Meta:
        csrf = False

    name = StringField(CELLAR, [DataRequired(lazy_gettext("Get 50% off"))], description=HELLO)


@pytest.fixture
def client(app, reach):
    @app.route("/", methods=["GET", "POST"])
    def index():
        flash(CELLAR)
        session["kept"] = [CELLAR, {"in": HELLO}]
        return jsonify({"plain": CELLAR, "with": HELLO})

    @app.get("/seen")
    def seen():
        return render_template_string(
            "{{ get_flashed_messages()[0] }}|{{ session.kept[0] }}|{{ session.kept[1].in }}|{{ x|tojson }}",
            x=CELLAR,
        )

    @app.get("/form")
    def form():
        made = CellarForm(data={})
        made.validate()
        return render_template_string(
            "{{ f.name.label }}|{{ f.name.errors[0] }}|{{ f.name.description }}", f=made
        )

    return reach(app)


SPANISH = {"Accept-Language": "es"}


def test_a_lazy_text_goes_through_json_flash_and_session(client):
    assert client.post("/", headers=SPANISH).json == {"plain": "Bodega", "with": "¡Hola &lt;b&gt;!"}
    assert client.get("/seen", headers=SPANISH).text == 'Bodega|Bodega|¡Hola &lt;b&gt;!|"Bodega"'


def test_a_lazy_text_is_a_label_a_message_and_a_description(client):
    expected = '<label for="name">Bodega</label>|50% de descuento|¡Hola &lt;b&gt;!'
    assert client.get("/form", headers=SPANISH).text == expected


def test_a_flashed_text_is_its_own_text_when_the_same_request_takes_it(app):
    with app.test_request_context(headers=SPANISH):
        flash(CELLAR)
        assert [str(text) for text in get_flashed_messages()] == ["Bodega"]


def test_a_lazy_text_is_compared_and_combined_as_its_text(app):
    with app.test_request_context(headers=SPANISH):
        assert CELLAR == "Bodega"
        assert CELLAR != "Cellar"
        assert CELLAR == lazy_gettext("Cellar")
        assert {CELLAR: 1}["Bodega"] == 1
        assert CELLAR < "C"
        assert CELLAR <= "Bodega"
        assert CELLAR > "A"
        assert CELLAR >= lazy_gettext("Cellar")
        assert "La " + CELLAR + "!" == "La Bodega!"
        assert (CELLAR * 2, 2 * CELLAR) == ("BodegaBodega", "BodegaBodega")
        assert f"{CELLAR:>8}" == "  Bodega"
        assert f"{CELLAR} {CELLAR!r}" == "Bodega l'Bodega'"
        assert "%s" % CELLAR == "Bodega"  # noqa: UP031
        assert (len(CELLAR), CELLAR[0], "dega" in CELLAR, list(CELLAR)[1]) == (6, "B", True, "o")
        assert CELLAR.upper() == "BODEGA"
        assert bool(lazy_gettext("")) is False
        with pytest.raises(AttributeError):
            CELLAR.no_such_method  # noqa: B018
    assert CELLAR == "Cellar"
    assert lazy_gettext("Hello %(name)s") % {"name": "Ada"} == "Hello Ada"


def test_the_variables_of_a_lazy_text_are_escaped_in_a_page_and_nowhere_else(app):
    with app.test_request_context(headers=SPANISH):
        assert str(HELLO) == "¡Hola <b>!"
        assert render_template_string("{{ text }}", text=HELLO) == "¡Hola &lt;b&gt;!"
        counted = lazy_ngettext("%(num)d bottle of %(name)s", "%(num)d bottles of %(name)s", 2, name="<i>")
        assert render_template_string("{{ text }}", text=counted) == "2 bottles of &lt;i&gt;"


SHOP = Domain(domain="messages")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CELLAR, "Bodega"),
        (HELLO, "¡Hola <b>!"),
        (lazy_ngettext("%(num)d bottle", "%(num)d bottles", 2), "2 botellas"),
        (lazy_pgettext("month", "May"), "mayo"),
        (lazy_npgettext("a", "%(num)d cork", "%(num)d corks", 2), "2 corks"),
        (SHOP.lazy_gettext("Cellar"), "Bodega"),
        (SHOP.lazy_ngettext("%(num)d bottle", "%(num)d bottles", 2), "2 botellas"),
    ],
)
@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda text: pickle.loads(pickle.dumps(text))])
def test_a_lazy_text_is_copied_and_pickled_and_translated_where_it_arrives(app, text, expected, twin):
    arrived = twin(text)
    assert type(arrived) is LazyString
    with app.app_context(), force_locale("es"):
        assert str(arrived) == expected
