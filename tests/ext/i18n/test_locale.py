"""Where the locale of a request comes from, and what its answer says of it."""

from __future__ import annotations

import pytest

from demijohn import Flask, redirect, render_template_string, request, stream_template_string, url_for
from demijohn.ext.i18n import Babel, get_babel, get_locale, gettext, refresh, set_locale, text_direction
from demijohn.testing import FlaskClient

PAGE = '<html lang="{{ get_locale() }}" dir="{{ text_direction() }}">{{ _("Cellar") }}</html>'


def add_views(app: Flask) -> Flask:
    @app.get("/<locale>/cellar")
    def cellar():
        return render_template_string(PAGE + "{{ url_for('cellar') }}")

    @app.get("/cellar")
    async def here():
        return render_template_string(PAGE)

    @app.post("/language/<code>")
    def language(code):
        set_locale(code)
        return redirect(url_for("cellar"))

    return app


@pytest.fixture
def client(app, reach) -> FlaskClient:
    return reach(add_views(app))


def ask(client, path="/cellar", language=None):
    return client.get(path, headers={} if language is None else {"Accept-Language": language})


def test_the_locale_of_the_url_goes_first_and_is_filled_into_urls(client):
    answer = ask(client, "/ar/cellar", "fr")
    assert answer.text == '<html lang="ar" dir="rtl">قبو</html>/ar/cellar'
    assert answer.headers["Content-Language"] == "ar"
    assert "Vary" not in answer.headers


def test_one_chooses_a_language_and_is_sent_to_the_page_in_it(client):
    assert client.post("/language/zh-Hans").location == "/zh_Hans/cellar"
    assert ask(client).text == '<html lang="zh-Hans" dir="ltr">酒窖</html>'
    assert "Cookie" in ask(client).headers["Vary"]
    assert "Accept-Language" not in ask(client).headers["Vary"]


def test_a_page_says_its_language_as_browsers_write_it(client):
    assert 'lang="pt-BR"' in ask(client, language="pt").text


def test_without_anything_else_the_browser_is_asked_and_the_answer_varies_by_it(client):
    answer = ask(client, language="fr-FR,en;q=0.3")
    assert "Cave" in answer.text
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.headers["Content-Language"] == "fr"


@pytest.mark.parametrize("language", [None, "ja", "../../x", "x" * 10_000, "*;q=0"])
def test_case_61_who_asks_for_nothing_that_is_offered_gets_the_default(client, language):
    assert "Cellar" in ask(client, language=language).text
    assert "Cellar" in ask(client, "/ja/cellar", language).text


def test_case_61_a_locale_of_10_kb_in_the_url_is_the_default(client):
    assert 'lang="en"' in ask(client, f"/{'x' * 10_000}/cellar").text


def test_a_language_that_is_not_offered_cannot_be_chosen(app, reach):
    app.testing = False
    app.add_url_rule(
        "/language/<path:code>", view_func=lambda code: (set_locale(code), "")[1], methods=["POST"]
    )
    with app.test_request_context():
        for code in ("ja", "../../x", "x" * 10_000, ""):
            with pytest.raises(ValueError, match="is not offered. There are: en, es"):
                set_locale(code)


@pytest.mark.parametrize("kept", ["ja", "../../x", 7, None, ["es"], "x" * 3000])
def test_a_session_that_names_what_is_not_offered_counts_as_none(app, kept):
    client = add_views(app).test_client()
    with client.session_transaction() as session:
        session["_locale"] = kept
    assert "Cave" in ask(client, language="fr").text


def test_who_is_logged_in_is_asked_before_the_browser(make, reach):
    locale = ["es"]
    client = reach(add_views(make({"user_locale": lambda: locale[0]})))
    assert "Bodega" in ask(client, language="fr").text
    for said in (None, "ja", "../../x", "x" * 10_000):
        locale[0] = said
        assert "Cave" in ask(client, language="fr").text


def test_the_order_can_be_said(make, reach):
    client = reach(add_views(make({"user_locale": lambda: "es"}, BABEL_LOCALE_ORDER=["header", "user"])))
    assert "Cave" in ask(client, "/ar/cellar", "fr").text
    assert "Bodega" in ask(client, "/ar/cellar", "ja").text


def test_a_selector_goes_before_the_order(make, reach):
    said = ["es"]
    client = reach(add_views(make({"locale_selector": lambda: said[0]})))
    assert "Bodega" in ask(client, "/ar/cellar", "fr").text
    said[0] = None
    assert "Cellar" in ask(client, "/ar/cellar", "fr").text
    said[0] = "pt"
    assert "Adega" in ask(client).text
    said[0] = "ja"
    assert "Cave" in ask(client, language="fr").text
    for said[0] in ("../../x", "x" * 10_000, "", b"es", 7):
        assert "Cellar" in ask(client).text


def test_a_selector_can_be_decorated(app, reach):
    babel = app.extensions["babel"].instance

    @babel.localeselector
    def select():
        return request.args.get("lang")

    @babel.timezoneselector
    def zone():
        return "Europe/Vienna"

    assert "Bodega" in ask(reach(add_views(app)), "/cellar?lang=es").text


@pytest.mark.parametrize("name", ["locale_selector", "timezone_selector", "user_locale"])
def test_an_async_selector_is_refused_when_it_is_registered(make, name):
    async def select():
        return "es"

    with pytest.raises(TypeError, match=f"{name} is async"):
        make({name: select})
    app = make()
    with pytest.raises(TypeError, match=f"{name} is async"):
        setattr(get_babel(app), name, select)
    babel = get_babel(app).instance
    for decorator in (babel.localeselector, babel.timezoneselector):
        with pytest.raises(TypeError, match="A selector is async"):
            decorator(select)


def test_without_a_setting_what_there_are_catalogues_of_is_offered(make, reach):
    client = reach(add_views(make(BABEL_LOCALES=None)))
    assert "Bodega" in ask(client, language="es-MX").text
    assert "Cellar" in ask(client, language="de").text


def test_one_chosen_here_counts_from_here_on(app):
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert gettext("Cellar") == "Cave"
        set_locale("es")
        assert gettext("Cellar") == "Bodega"


def test_a_refresh_asks_again(make):
    said = ["es"]
    with make({"locale_selector": lambda: said[0]}).test_request_context():
        assert gettext("Cellar") == "Bodega"
        said[0] = "fr"
        assert gettext("Cellar") == "Bodega"
        refresh()
        assert gettext("Cellar") == "Cave"


def test_a_streamed_page_says_its_language_too(app, reach):
    @app.get("/stream")
    def stream():
        return stream_template_string(PAGE)

    answer = ask(reach(app), "/stream", "fr")
    assert "Cave" in answer.text
    assert answer.headers["Content-Language"] == "fr"
    assert "Accept-Language" in answer.headers["Vary"]


def test_what_is_no_page_or_says_another_language_is_let_be(app, reach):
    app.add_url_rule("/json", view_func=lambda: {"said": gettext("Cellar")})
    app.add_url_rule(
        "/said",
        view_func=lambda: (gettext("Cellar"), {"Content-Language": "la", "Vary": "*"}),
        endpoint="said",
    )
    client = reach(app)
    answer = ask(client, "/json", "es")
    assert answer.json == {"said": "Bodega"}
    assert "Content-Language" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Language, Cookie"
    answer = ask(client, "/said", "es")
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == ("la", "*, Cookie")


def test_an_answer_without_texts_says_nothing_of_languages(app, reach):
    app.add_url_rule("/plain", view_func=lambda: "<p>Hello")
    answer = ask(reach(app), "/plain", "es")
    assert "Vary" not in answer.headers
    assert "Content-Language" not in answer.headers


def test_views_may_take_the_locale_of_the_url(app, reach):
    from demijohn.views import MethodView

    class Rack(MethodView):
        def get(self, number):
            return f"{number} {get_locale()}"

    app.add_url_rule("/<locale>/rack/<int:number>", view_func=Rack.as_view("rack"))
    app.add_url_rule("/<locale>/taken", view_func=lambda locale: locale, endpoint="taken")

    @app.get("/<locale>/async/<int:number>")
    async def later(number):
        return f"{number} {get_locale()}"

    client = reach(app)
    assert client.get("/es/rack/3").text == "3 es"
    assert client.get("/es/async/4").text == "4 es"
    assert client.get("/es/taken").text == "es"


def test_a_url_is_filled_in_only_where_a_locale_is_a_part_of_it(app):
    add_views(app)
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert url_for("here") == "/cellar"
        assert url_for("cellar") == "/es/cellar"
        assert url_for("cellar", locale="fr") == "/fr/cellar"
        with pytest.raises(Exception, match="nowhere"):
            url_for("nowhere")
    with app.app_context():
        app.config["SERVER_NAME"] = "cellar.example"
        assert url_for("cellar") == "http://cellar.example/en/cellar"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"BABEL_LOCALES": ["en", "../../x"]}, "BABEL_LOCALES has '../../x'"),
        ({"BABEL_DEFAULT_LOCALE": "tlh_XX"}, "BABEL_DEFAULT_LOCALE is 'tlh_XX'"),
        ({"BABEL_DEFAULT_TIMEZONE": "Europe/Nowhere"}, "BABEL_DEFAULT_TIMEZONE is 'Europe/Nowhere'"),
        (
            {"BABEL_TRANSLATION_DIRECTORIES": "no_such_package:translations"},
            "there is no package 'no_such_package'",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_the_start(make, config, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        make(**config)


@pytest.mark.parametrize("order", ["header", ["cookie"], [1]])
def test_an_order_of_what_there_is_not_is_refused(make, order):
    with pytest.raises(TypeError, match="BABEL_LOCALE_ORDER"):
        make(BABEL_LOCALE_ORDER=order)


def test_an_application_without_translations_says_so():
    app = Flask("plain")
    with app.app_context(), pytest.raises(KeyError, match=r"Call Babel\(app\)"):
        get_locale()


def test_outside_of_any_context_there_is_no_locale_and_the_text_is_its_own():
    assert get_locale() is None
    assert gettext("Hello %(name)s!", name="Ada") == "Hello Ada!"
    assert text_direction() == "ltr"
    assert text_direction("he") == "rtl"


def test_one_object_serves_two_applications(make):
    babel = Babel()
    first, second = Flask("first"), Flask("second")
    babel.init_app(first, default_locale="es")
    babel.init_app(second, default_locale="fr", default_domain="other")
    for app, locale, domain in ((first, "es", "messages"), (second, "fr", "other")):
        with app.app_context():
            assert (str(get_locale()), babel.domain_instance.domain) == (locale, [domain])
