"""Messages in the language of the visitor, from the catalogues of WTForms."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from demijohn import request
from demijohn.ext.forms import FlaskForm
from demijohn.ext.forms.i18n import translations

ENGLISH, GERMAN, CHINESE = "This field is required.", "Dieses Feld wird benötigt.", "该字段是必填字段。"


class NameForm(FlaskForm):
    class Meta:
        csrf = False

    name = StringField(validators=[DataRequired(), Length(min=8)])


def message(form=NameForm, **data):
    made = form(data=data)
    made.validate()
    return made.name.errors[0]


class Translating:
    """What an extension for translations leaves with the application."""

    __module__ = "an_extension.of_somebody"


@pytest.fixture
def extension(site, monkeypatch):
    module = ModuleType("an_extension")
    module.get_locale = lambda: request.accept_languages.best
    monkeypatch.setitem(sys.modules, "an_extension", module)
    site.app.extensions["babel"] = Translating()
    return site


def test_without_anything_messages_are_english(site):
    with site.app.test_request_context(headers={"Accept-Language": "de"}):
        assert message() == ENGLISH


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", GERMAN),
        ("de-AT", GERMAN),
        ("zh", CHINESE),
        ("zh-CN", CHINESE),
        ("zh_Hans_CN", CHINESE),
        ("tlh", ENGLISH),
    ],
)
def test_messages_are_in_the_language_that_an_extension_for_translations_knows(extension, language, expected):
    with extension.app.test_request_context(headers={"Accept-Language": language}):
        assert message() == expected


def test_the_territory_decides_where_there_is_a_catalogue_of_it(site):
    texts = {}
    for locale in ("zh", "zh-TW", "zh_Hant_TW", "cs", "cs-CZ"):
        site.app.config["WTF_LOCALE"] = locale
        with site.app.test_request_context():
            texts[locale] = message()
    assert texts["zh-TW"] == texts["zh_Hant_TW"] != texts["zh"]
    assert texts["cs"] == texts["cs-CZ"] != ENGLISH


def test_numbers_are_translated_as_the_language_has_them(extension):
    with extension.app.test_request_context(headers={"Accept-Language": "de"}):
        assert message(name="short") == "Feld muss mindestens 8 Zeichen beinhalten."


def test_a_setting_says_the_language_of_an_application_that_has_one(site):
    site.app.config["WTF_LOCALE"] = "de"
    with site.app.test_request_context():
        assert message() == GERMAN


@pytest.mark.parametrize(
    "locale", ["../../x", "../de", "/etc", "..", ".", "", "de/../../..", "d" * 10_000, "de" + "\0", "_", "-"]
)
def test_case_61_a_locale_that_is_none_gives_the_default(extension, locale):
    sys.modules["an_extension"].get_locale = lambda: locale
    with extension.app.test_request_context():
        assert message() == ENGLISH


def test_translations_can_be_left_to_wtforms(extension):
    extension.app.config["WTF_I18N_ENABLED"] = False

    class Spanish(NameForm):
        class Meta:
            locales = ["es"]

    with extension.app.test_request_context(headers={"Accept-Language": "de"}):
        assert message() == ENGLISH
        assert message(Spanish) == "Este campo es obligatorio."


def test_outside_of_a_request_nothing_is_translated(extension):
    with extension.app.app_context():
        assert translations.gettext(ENGLISH) == ENGLISH
        assert [translations.ngettext("one", "many", n) for n in (1, 2)] == ["one", "many"]
