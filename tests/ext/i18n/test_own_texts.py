"""Every text that this package shows to visitors is in each of its catalogues."""

from __future__ import annotations

import ast
import copy
import pickle
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from msgspec import Struct
from tests.ext.i18n.conftest import catalogue
from werkzeug.exceptions import default_exceptions
from wtforms import StringField

import demijohn
from demijohn import Flask, abort, render_template_string, request
from demijohn.ext.forms import FlaskForm
from demijohn.ext.i18n import Babel
from demijohn.ext.oauth import make_github_blueprint
from demijohn.ext.oauth.address import MEND
from demijohn.ext.ratelimit import Limiter, get_remote_address
from demijohn.ext.rest import Api
from demijohn.ext.uploads import UploadNotAllowed, UploadSet, configure_uploads
from demijohn.extend import Filled

SOURCE = Path(demijohn.__file__).parent
CATALOGUES = SOURCE / "ext" / "i18n" / "translations"
LANGUAGES = ("es", "fr", "de", "pt_BR", "zh_Hans", "ar", "hi", "ja")
#: What is called with a text for visitors, and which of its arguments that is.
_ERRORS = {kind.__name__: 0 for kind in default_exceptions.values()} | {"HTTPException": 0}
_TEXTS = _ERRORS | {
    "Filled": 0, "translate": 0, "abort": 1, "UploadNotAllowed": 0, "NotJSON": 0, "cls": 0, "_known": 2,
    "_Refused": 1, "_error": 1,
}  # fmt: skip
#: Where texts are for whoever runs the application, and Flask's own.
_FOR_OPERATORS = ("compat", "errors.py", "ext/metrics")
#: What f-strings of those are made of, by the name in their braces.
_FILLED_IN = {
    "MEND": [MEND],
    "what": ["request body", "JSON"],
    "unit": ["second", "minute", "hour", "day", "month", "year"],
}


@cache
def texts():
    """The texts in the code, each with a place where it is."""
    found = {}
    for file in sorted(SOURCE.rglob("*.py")):
        if any(file.relative_to(SOURCE).is_relative_to(one) for one in _FOR_OPERATORS):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                for text in _said(node):
                    found[text] = f"{file.relative_to(SOURCE)}:{node.lineno}"
    return found


def _said(call):
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name == "problem" and len(call.args) > 1:
        return [text for argument in call.args[1:3] for text in _constants(argument)]
    place = _TEXTS.get(name)
    given = [key.value for key in call.keywords if key.arg == "description" and name in _TEXTS]
    if place is not None and len(call.args) > place:
        given.append(call.args[place])
    return [text for argument in given for text in _constants(argument)]


def _constants(node):
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and " " in node.value else []
    if isinstance(node, ast.IfExp):
        return [*_constants(node.body), *_constants(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        made = [""]
        for part in node.values:
            fill = (
                [part.value]
                if isinstance(part, ast.Constant)
                else _FILLED_IN.get(ast.unparse(part.value), ["{?}"])
            )
            made = [begun + more for begun in made for more in fill]
        return made
    return []


#: What code has by another name than where it is said.
_BY_NAME = (
    "Submit",
    "The provider could not be reached.",
    "The provider answered with an error.",
    "Say who you are.",
    "What was sent is not valid.",
    "1 value is invalid.",
    "Required, and missing.",
    "Unknown field.",
    "Not one of the values expected.",
    "The archive is damaged: its directory has fewer entries than it says.",
    "The archive is damaged: it ends without its directory.",
    "The archive is damaged: its directory lies behind its end.",
    "The archive is damaged: an entry has no size.",
)


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_catalogue_has_every_text_of_this_package(code):
    with (CATALOGUES / code / "LC_MESSAGES" / "demijohn.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    wanted = texts() | dict.fromkeys(_BY_NAME, "by name")
    missing = [f"{place}: {text}" for text, place in wanted.items() if text not in catalogue]
    assert not missing
    assert not [message.id for message in catalogue if message.id and (message.fuzzy or not message.string)]


def test_texts_are_found_where_they_are():
    assert texts()["Begin again"].startswith("ext/oauth/pages.py")
    assert any(place.startswith("http/form_part.py") for place in texts().values())
    assert not [text for text in texts() if "{?}" in text]


@pytest.fixture
def app(tmp_path):
    app = Flask("texts", root_path=str(tmp_path), static_folder=None)
    app.secret_key = "a key that is long enough"
    app.config["BABEL_LOCALES"] = ["en", *LANGUAGES]
    Babel(app)
    return app


def asking(code, **more):
    return {"Accept-Language": code.replace("_", "-"), **more}


def test_a_limit_is_told_in_the_visitors_language(app, reach):
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    app.add_url_rule("/", view_func=limiter.limit("1 per 2 hours")(lambda: "once"))
    client = reach(app)
    assert client.get("/", headers=asking("de")).text == "once"
    assert "1 je 2 h" in client.get("/", headers=asking("de")).text
    assert "<p>1 per 2 hour</p>" in client.get("/", headers=asking("en")).text
    assert (
        client.get("/", headers=asking("ja", Accept="application/json")).json["detail"] == "2 時間あたり 1 回"
    )


def test_a_body_that_is_too_large_is_told_in_the_visitors_language(app, reach):
    app.config["MAX_CONTENT_LENGTH"] = 20
    app.add_url_rule("/", view_func=lambda: request.form, methods=["POST"])
    answer = reach(app).post("/", data={"name": "x" * 30}, headers=asking("es"))
    assert answer.status_code == 413
    assert "supera los 20 bytes que se permiten aquí (MAX_CONTENT_LENGTH)" in answer.text


def test_a_file_that_is_not_let_in_is_told_in_the_visitors_language(app, reach):
    labels = UploadSet("labels", ["png"])
    app.config["UPLOADED_LABELS_DEST"] = app.root_path
    configure_uploads(app, labels)

    @app.post("/")
    def label():
        try:
            return labels.save(request.files["label"])
        except UploadNotAllowed as refused:
            return str(refused), 422

    answer = reach(app).post("/", data={"label": (BytesIO(b"#!"), "run.sh")}, headers=asking("fr"))
    assert (answer.status_code, answer.text) == (422, "L’extension 'sh' n’est pas autorisée.")


class Bottle(Struct):
    name: str
    year: int


def test_an_error_of_an_api_is_told_in_the_callers_language(app, reach):
    api = Api(app)

    @api.post("/bottles")
    def add(bottle: Bottle) -> Bottle:
        return bottle

    client = reach(app)
    answer = client.post("/bottles", json={"name": 7}, headers=asking("de"))
    assert answer.status_code == 422
    assert (
        answer.json["title"] == "Kann nicht verarbeitet werden"
        or answer.json["title"] != "Unprocessable Entity"
    )
    assert answer.json["detail"] == "2 Werte sind ungültig."
    assert [one["detail"] for one in answer.json["errors"]] == [
        "`str` erwartet, `int` erhalten",
        "Erforderlich, fehlt aber.",
    ]
    answer = client.post("/bottles", data=b"{", headers=asking("es", **{"Content-Type": "application/json"}))
    assert answer.json["detail"].startswith("No se puede leer el cuerpo como JSON: ")
    answer = client.post("/bottles", json={"name": 7}, headers=asking("en"))
    assert answer.json["detail"] == "2 values are invalid."


def test_what_was_filled_in_is_a_text_that_is_copied_and_pickled():
    said = Filled("More than %(limit)s bytes.", limit=7)
    for copied in (said, copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
        assert copied == "More than 7 bytes."
        assert (copied.source, copied.values) == ("More than %(limit)s bytes.", {"limit": 7})


def test_a_translation_that_does_not_fit_what_is_filled_in_is_left_out(app, tmp_path, caplog):
    catalogue(tmp_path / "translations", "es", {"More than %(limit)s bytes.": "Más de %(most)s."})
    app.add_url_rule("/", view_func=lambda: abort(413, Filled("More than %(limit)s bytes.", limit=7)))
    answer = app.test_client().get("/", headers=asking("es"))
    assert "<p>More than 7 bytes.</p>" in answer.text
    assert "its placeholders do not fit" in caplog.text


def test_a_page_about_signing_in_is_in_the_visitors_language(app, reach):
    app.register_blueprint(make_github_blueprint(client_id="shop", client_secret="s"), url_prefix="/login")
    client = reach(app)
    answer = client.get("/login/github/authorized?state=none&code=c", headers=asking("ar"))
    assert answer.status_code == 400
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "لا يمكن إكمال تسجيل الدخول هذا" in answer.text
    assert "ابدأ من جديد</a>" in answer.text
    assert '<html lang="en">' in client.get("/login/github/authorized?state=none", headers=asking("en")).text


class Order(FlaskForm):
    name = StringField()


@pytest.mark.parametrize(("code", "word"), [("de", "Absenden"), ("ar", "إرسال"), ("en", "Submit")])
def test_the_button_that_a_form_is_given_is_in_the_visitors_language(app, reach, code, word):
    page = (
        "{% from 'demijohn/forms.html' import render_form %}"
        "{{ render_form(form) }}{{ render_form(form, submit='Join') }}"
    )
    app.add_url_rule("/", view_func=lambda: render_template_string(page, form=Order()))
    text = reach(app).get("/", headers=asking(code)).text
    assert f">{word}</button>" in text
    assert ">Join</button>" in text
