"""Error pages, problems, forms and login in the visitor's language."""

from __future__ import annotations

import pytest
from tests.ext.i18n.conftest import catalogue
from werkzeug.exceptions import TooManyRequests, default_exceptions
from wtforms import StringField
from wtforms.i18n import get_translations
from wtforms.validators import DataRequired, Length

from demijohn import Flask, abort, get_flashed_messages
from demijohn.ext.forms import FileField, FileSize, FlaskForm
from demijohn.ext.i18n import Babel, messages
from demijohn.ext.login import LoginManager, login_required

LANGUAGES = ("es", "fr", "de", "pt_BR", "zh_Hans", "ar", "hi", "ja")
NOT_FOUND = {
    "es": "No encontrado", "fr": "Page introuvable", "de": "Nicht gefunden", "pt_BR": "Não encontrado",
    "zh_Hans": "未找到", "ar": "غير موجود", "hi": "नहीं मिला", "ja": "見つかりません",
}  # fmt: skip


@pytest.fixture
def app(tmp_path):
    app = Flask("errors", root_path=str(tmp_path), static_folder=None)
    app.secret_key = "a key that is long enough"
    app.config["BABEL_LOCALES"] = ["en", *LANGUAGES]
    Babel(app)
    return app


def asking(code, **more):
    return {"Accept-Language": code.replace("_", "-"), **more}


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_error_page_is_in_the_visitors_language(app, reach, code):
    answer = reach(app).get("/nowhere", headers=asking(code))
    tag, direction = code.replace("_", "-"), "rtl" if code == "ar" else "ltr"
    assert answer.status_code == 404
    assert f'<html lang="{tag}" dir="{direction}">' in answer.text
    assert f"<h1>{NOT_FOUND[code]}</h1>" in answer.text
    assert "The requested URL" not in answer.text
    assert answer.headers["Content-Language"] == tag
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_error_of_http_has_a_name_and_a_description_in_each_language(app, code):
    with app.test_request_context(headers=asking(code)):
        own = messages.OwnTexts()
        for status, kind in default_exceptions.items():
            error = kind()
            assert own.gettext(error.name) != error.name, (status, error.name)
            assert own.gettext(error.description) != error.description, (status, error.description)


def test_a_problem_is_in_the_callers_language(app, reach):
    answer = reach(app).get("/nowhere", headers=asking("de", Accept="application/json"))
    assert answer.mimetype == "application/problem+json"
    assert answer.json["title"] == "Nicht gefunden"
    assert answer.json["detail"].startswith("Die angeforderte Adresse")


def test_what_an_error_brings_is_kept(app, reach):
    @app.get("/busy")
    def busy():
        raise TooManyRequests("Only <three> a day.", retry_after=7)

    client = reach(app)
    answer = client.get("/busy", headers=asking("es"))
    assert answer.headers["Retry-After"] == "7"
    assert "<h1>Demasiadas solicitudes</h1>" in answer.text
    assert "Only &lt;three&gt; a day." in answer.text
    answer = client.post("/busy", headers=asking("es"))
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True)
    assert "Método no permitido" in answer.text


def test_an_error_nobody_expected_is_in_the_visitors_language(app, reach):
    app.add_url_rule("/broken", view_func=lambda: 1 / 0)
    answer = reach(app).get("/broken", headers=asking("ja"))
    assert answer.status_code == 500
    assert "サーバー内部エラー" in answer.text


def test_an_error_page_is_in_english_when_the_choice_of_language_fails(app, reach):
    app.extensions["babel"].locale_selector = lambda: 1 / 0
    answer = reach(app).get("/nowhere", headers=asking("es"))
    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text


def test_a_handler_of_the_application_goes_first(app, reach):
    app.register_error_handler(404, lambda error: (f"mine: {error.description[:17]}", 404))
    assert reach(app).get("/nowhere", headers=asking("es")).text == "mine: The requested URL"


def test_the_applications_own_catalogue_goes_first(app, tmp_path):
    catalogue(tmp_path / "translations", "es", {"Not Found": "Aquí no hay nada"})
    answer = app.test_client().get("/nowhere", headers=asking("es"))
    assert "<h1>Aquí no hay nada</h1>" in answer.text


class OrderForm(FlaskForm):
    name = StringField(validators=[DataRequired()])
    about = StringField(validators=[Length(min=8)])
    label = FileField(validators=[FileSize(4)])


@pytest.mark.parametrize(
    ("code", "token", "required"),
    [
        ("es", "Falta el token CSRF.", "Este campo es obligatorio."),
        ("hi", "CSRF टोकन नहीं है।", "यह फ़ील्ड आवश्यक है।"),
        ("ar", "رمز CSRF مفقود.", "هذا الحقل مطلوب."),
        ("pt_BR", "O token CSRF está ausente.", "Campo obrigatório."),
        ("en", "The CSRF token is missing.", "This field is required."),
    ],
)
def test_the_messages_of_forms_are_in_the_visitors_language(app, reach, code, token, required):
    @app.post("/")
    def order():
        form = OrderForm()
        form.validate()
        return form.errors

    errors = reach(app).post("/", headers=asking(code)).json
    assert errors["csrf_token"] == [token]
    assert errors["name"] == [required]
    if code == "hi":
        assert errors["about"] == ["फ़ील्ड में कम से कम 8 अक्षर होने चाहिए।"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_message_of_wtforms_is_translated(app, code):
    from demijohn.ext.forms.i18n import translations

    sources = [key if isinstance(key, str) else key for key in get_translations(["es"])._catalog if key]
    assert len(sources) > 30
    with app.test_request_context(headers=asking(code)):
        for source in sources:
            if isinstance(source, str):
                assert translations.gettext(source) != source
        lengths = (
            "Field must be at least %(min)d character long.",
            "Field must be at least %(min)d characters long.",
        )
        for number in (1, 2, 5):
            assert translations.ngettext(*lengths, number) not in lengths


def test_a_message_of_login_is_in_the_visitors_language(app, reach):
    login = LoginManager(app)
    login.login_view = "sign_in"
    login.user_loader(lambda user_id: None)
    app.add_url_rule("/mine", view_func=login_required(lambda: ""), endpoint="mine")
    app.add_url_rule("/sign-in", view_func=lambda: get_flashed_messages(), endpoint="sign_in")
    client = reach(app)
    assert client.get("/mine", headers=asking("fr")).status_code == 302
    assert client.get("/sign-in").json == ["Connectez-vous pour accéder à cette page."]


def test_without_translations_everything_is_in_english(reach):
    app = Flask("plain")
    app.add_url_rule("/", view_func=lambda: abort(404))
    assert "<h1>Not Found</h1>" in reach(app).get("/", headers=asking("es")).text
