"""Texts, in code and in templates: variables, plurals, contexts, domains, and what is not formatted."""

from __future__ import annotations

import pytest
from tests.ext.i18n.conftest import catalogue

from demijohn import Blueprint, Flask, render_template_string
from demijohn.ext.i18n import (
    Domain,
    force_locale,
    get_domain,
    get_translations,
    gettext,
    ngettext,
    npgettext,
    pgettext,
)  # fmt: skip


@pytest.fixture
def spanish(make):
    with make(BABEL_DEFAULT_LOCALE="es").test_request_context():
        yield


@pytest.mark.usefixtures("spanish")
def test_texts_with_variables_plurals_and_contexts():
    assert gettext("Hello %(name)s!", name="Ada") == "¡Hola Ada!"
    assert gettext("Unknown %(name)s", name="Ada") == "Unknown Ada"
    assert [ngettext("%(num)d bottle", "%(num)d bottles", n) for n in (0, 1, 2)] == [
        "0 botellas", "1 botella", "2 botellas",
    ]  # fmt: skip
    assert [ngettext("%(num)d rack", "%(num)d racks", n) for n in (1, 2)] == ["1 rack", "2 racks"]
    assert (pgettext("month", "May"), pgettext("verb", "May"), gettext("May")) == ("mayo", "May", "May")
    assert npgettext("shop", "%(num)d cork", "%(num)d corks", 2) == "2 corks"
    assert gettext("%(num)d bottle", num=1) == "1 botella"


@pytest.mark.usefixtures("spanish")
def test_a_text_that_is_called_without_variables_is_never_formatted():
    assert gettext("Get 50% off") == "50% de descuento"
    assert gettext("100% %s %(name)s") == "100% %s %(name)s"
    assert gettext("Test %s") % "test" == "Test test"
    assert ngettext("5% more", "7% more", 2) == "7% more"


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ _('Get 50% off') }}", "50% de descuento"),
        ("{{ gettext('Just 20% today') }}", "Just 20% today"),
        ("{% trans %}Get 50% off{% endtrans %}", "50% de descuento"),
        ("{% trans %}Just 20% today{% endtrans %}", "Just 20% today"),
        ("{% trans n=2 %}5% more{% pluralize n %}7% more{% endtrans %}", "7% more"),
        ("{% trans name='<i>' %}Hello {{ name }}!{% endtrans %}", "¡Hola &lt;i&gt;!"),
        ("{% trans %}Hello {{ name }}!{% endtrans %}", "¡Hola &lt;b&gt;!"),
        ("{% trans num=3 %}{{ num }} Apple{% pluralize %}{{ num }} Apples{% endtrans %}", "3 Apples"),
        ("{% trans trimmed %}\n  Cellar\n{% endtrans %}", "Bodega"),
        ("{% trans 'month' %}May{% endtrans %}", "mayo"),
        ("{{ _('Hello %(name)s!', name=name) }}", "¡Hola &lt;b&gt;!"),
        ("{{ _('100%% %(name)s', name=name) }}", "100% &lt;b&gt;"),
        ("{{ ngettext('%(num)d bottle', '%(num)d bottles', 3) }}", "3 botellas"),
        ("{{ ngettext('%(num)d of %(name)s', '%(num)d of %(name)s', 3, name=name) }}", "3 of &lt;b&gt;"),
        ("{{ pgettext('month', 'May') }}", "mayo"),
        ("{{ pgettext('a', 'Hello %(name)s', name=name) }}", "Hello &lt;b&gt;"),
        ("{{ npgettext('a', '%(num)d %(name)s', '%(num)d %(name)ss', 2, name=name) }}", "2 &lt;b&gt;s"),
        ("{{ _('<b>New</b>') }}", "<b>Nuevo</b>"),
        ("{% autoescape false %}{{ _('Hello %(name)s!', name=name) }}{% endautoescape %}", "¡Hola <b>!"),
        ("{{ _('Cellar')|upper }}", "BODEGA"),
    ],
)
def test_templates_have_texts_and_escape_variables(source, expected):
    assert render_template_string(source, name="<b>") == expected


def test_a_filter_is_not_computed_once_for_all_languages(make, reach):
    app = make()
    app.jinja_env.globals["shown"] = app.jinja_env.from_string(
        "{{ 1234.5|decimalformat }} {{ 0.19|percentformat }}"
    )
    app.add_url_rule("/", view_func=lambda: app.jinja_env.globals["shown"].render())
    client = reach(app)
    shown = [client.get("/", headers={"Accept-Language": code}).text for code in ("es", "en", "es")]
    assert shown == ["1.234,5 19\xa0%", "1,234.5 19%", "1.234,5 19\xa0%"]


def test_texts_of_the_source_may_be_in_a_catalogue_of_their_language(make, translations):
    catalogue(translations, "en", {"cellar.title": "Cellar"})
    with make().test_request_context():
        assert gettext("cellar.title") == "Cellar"


def test_the_empty_text_is_not_the_head_of_the_catalogue(make):
    with make(BABEL_DEFAULT_LOCALE="es").test_request_context():
        assert gettext("") == ""
        assert render_template_string("{{ _('') }}") == ""


def test_texts_of_a_region_stand_on_those_of_its_language(make, translations):
    catalogue(translations, "es_MX", {"Get 50% off": "¡A mitad de precio!"})
    with make(BABEL_LOCALES=["es_MX"], BABEL_DEFAULT_LOCALE="es_MX").test_request_context():
        assert [gettext(text) for text in ("Get 50% off", "Cellar")] == ["¡A mitad de precio!", "Bodega"]


def test_several_folders_and_domains_the_later_goes_first(make, translations, tmp_path):
    catalogue(tmp_path / "more", "es", {"Cellar": "Cava", "Rack": "Estante"}, domain="shop")
    app = make(
        BABEL_TRANSLATION_DIRECTORIES=f"translations;{tmp_path / 'more'}",
        BABEL_DOMAIN="messages;shop",
        BABEL_DEFAULT_LOCALE="es",
    )
    with app.test_request_context():
        texts = ("Cellar", "Rack", "Get 50% off")
        assert [gettext(text) for text in texts] == ["Cava", "Estante", "50% de descuento"]


def test_a_domain_of_its_own(make, tmp_path):
    catalogue(tmp_path / "more", "es", {"Cellar": "Cava"}, domain="shop")
    shop = Domain(str(tmp_path / "more"), "shop")
    with make(BABEL_DEFAULT_LOCALE="es").test_request_context():
        assert (gettext("Cellar"), shop.gettext("Cellar"), str(shop.lazy_gettext("Cellar"))) == (
            "Bodega", "Cava", "Cava",
        )  # fmt: skip
        shop.as_default()
        assert (gettext("Cellar"), get_domain()) == ("Cava", shop)
        assert get_translations().gettext("Cellar") == "Cava"
    with pytest.raises(RuntimeError, match="There is no context"):
        shop.as_default()


def test_a_blueprint_brings_texts_and_the_application_goes_before_it(make, tmp_path):
    catalogue(tmp_path / "shop" / "translations", "es", {"Cellar": "Cava", "Shop": "Tienda"})
    app = make(BABEL_DEFAULT_LOCALE="es")
    app.register_blueprint(Blueprint("shop", "shop", root_path=str(tmp_path / "shop")))
    with app.test_request_context():
        assert [gettext("Cellar"), gettext("Shop")] == ["Bodega", "Tienda"]


def test_an_installed_package_brings_texts(make, tmp_path, monkeypatch):
    package = tmp_path / "site" / "some_package"
    catalogue(package / "texts", "es", {"Package": "Paquete"})
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    app = make(
        BABEL_TRANSLATION_DIRECTORIES=["some_package:texts", "translations"], BABEL_DEFAULT_LOCALE="es"
    )
    with app.test_request_context():
        assert [gettext("Cellar"), gettext("Package")] == ["Bodega", "Paquete"]


def test_another_language_for_a_while(app):
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        with force_locale("es"):
            assert gettext("Cellar") == "Bodega"
            with force_locale("ar"):
                assert gettext("Cellar") == "قبو"
            assert gettext("Cellar") == "Bodega"
        assert gettext("Cellar") == "Cave"
        with force_locale("../../x"):
            assert gettext("Cellar") == "Cellar"
    with app.app_context(), force_locale("es"):
        assert gettext("Cellar") == "Bodega"
    with force_locale("es"):
        assert gettext("Cellar") == "Cellar"


def test_a_name_of_a_template_that_the_application_has_is_let_be():
    from demijohn.ext.i18n import Babel

    app = Flask("own")
    app.jinja_env.globals["text_direction"] = "mine"
    Babel(app)
    with app.test_request_context():
        assert render_template_string("{{ text_direction }}") == "mine"
