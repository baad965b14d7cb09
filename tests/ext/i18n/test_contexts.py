"""The locale belongs to the context: threads, tasks, sockets, streams, copies, and the test client's next request."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn import (
    Response,
    copy_current_request_context,
    render_template_string,
    stream_template_string,
    websocket,
)
from demijohn.ext.i18n import force_locale, get_locale, gettext, refresh, text_direction
from demijohn.testing import AsyncFlaskClient

SAID = {"en": "Cellar", "es": "Bodega", "fr": "Cave", "ar": "قبو"}
PAGE = "{{ _('Cellar') }} {{ get_locale() }} {{ text_direction() }}"


def page_of(code):
    return f"{SAID[code]} {code} {'rtl' if code == 'ar' else 'ltr'}"


@pytest.fixture
def busy(app):
    """Views that give way to others between two looks at the language."""
    pause = threading.Event()

    @app.get("/sync")
    def sync():
        first = render_template_string(PAGE)
        pause.wait(0.002)
        return f"{first}|{render_template_string(PAGE)}"

    @app.get("/async")
    async def later():
        first = render_template_string(PAGE)
        await asyncio.sleep(0.002)

        async def other(code):
            with force_locale(code):
                await asyncio.sleep(0.001)
                return gettext("Cellar")

        others = await asyncio.gather(*map(other, SAID))
        assert others == list(SAID.values())
        return f"{first}|{render_template_string(PAGE)}"

    return app


def test_200_requests_at_once_in_four_languages_do_not_mix(busy, protocol):
    asked = [(path, code) for path in ("/sync", "/async") for _ in range(25) for code in SAID]
    assert len(asked) == 200

    def ask(one):
        path, code = one
        with busy.test_client(protocol=protocol) as client:
            return client.get(path, headers={"Accept-Language": code})

    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(ask, asked))
    for (_, code), answer in zip(asked, answers, strict=True):
        assert answer.text == f"{page_of(code)}|{page_of(code)}"
        assert answer.headers["Content-Language"] == code


def test_200_requests_at_once_in_tasks_do_not_mix(busy):
    async def ask(path, code):
        return await AsyncFlaskClient(busy).get(path, headers={"Accept-Language": code})

    async def all_of_them():
        asked = [(path, code) for path in ("/sync", "/async") for _ in range(25) for code in SAID]
        return asked, await asyncio.gather(*(ask(*one) for one in asked))

    asked, answers = asyncio.run(all_of_them())
    assert len(answers) == 200
    for (_, code), answer in zip(asked, answers, strict=True):
        assert answer.text == f"{page_of(code)}|{page_of(code)}"


def test_requests_in_one_application_context_have_a_language_each(app, reach):
    app.add_url_rule("/", view_func=lambda: render_template_string(PAGE))
    client = reach(app)
    with app.app_context():
        assert gettext("Cellar") == "Cellar"
        for code in SAID:
            assert client.get("/", headers={"Accept-Language": code}).text == page_of(code)
        assert gettext("Cellar") == "Cellar"


def test_a_forced_language_is_not_that_of_a_request_inside(app, reach):
    app.add_url_rule("/", view_func=lambda: render_template_string(PAGE))
    client = reach(app)
    with app.app_context(), force_locale("es"):
        assert client.get("/", headers={"Accept-Language": "fr"}).text == page_of("fr")
        assert gettext("Cellar") == "Bodega"


def test_a_forced_language_survives_a_refresh(app):
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        with force_locale("es"):
            refresh()
            assert (gettext("Cellar"), str(get_locale()), text_direction()) == ("Bodega", "es", "ltr")
        assert gettext("Cellar") == "Cave"


def test_a_streamed_body_is_in_the_language_of_its_request(app, reach):
    @app.get("/template")
    def template():
        return stream_template_string("{% for i in (1, 2, 3) %}{{ _('Cellar') }} {% endfor %}")

    @app.get("/generator")
    def generator():
        def parts():
            yield gettext("Cellar")
            with force_locale("ar"):
                yield gettext("Cellar")
                yield gettext("Cellar")
            yield gettext("Cellar")

        return Response(parts())

    @app.get("/async")
    async def later():
        async def parts():
            for _ in range(3):
                yield gettext("Cellar")
                await asyncio.sleep(0)

        return parts()

    client = reach(app)
    for code in ("es", "fr"):
        headers = {"Accept-Language": code}
        assert client.get("/template", headers=headers).text == f"{SAID[code]} " * 3
        assert client.get("/async", headers=headers).text == SAID[code] * 3
        expected = SAID[code] + SAID["ar"] * 2 + SAID[code]
        assert client.get("/generator", headers=headers).text == expected


def test_a_copy_of_a_request_for_a_thread_is_in_its_language(app):
    found = []
    with app.test_request_context(headers={"Accept-Language": "es"}):
        job = copy_current_request_context(lambda: found.append(gettext("Cellar")))
        thread = threading.Thread(target=job)
        thread.start()
        thread.join()
    assert found == ["Bodega"]


def test_a_job_is_in_the_default_language_though_the_selector_asks_the_request(make):
    from demijohn import request

    app = make({"locale_selector": lambda: request.args.get("lang")}, BABEL_DEFAULT_LOCALE="fr")
    with app.app_context():
        assert gettext("Cellar") == "Cave"
        with force_locale("es"):
            assert gettext("Cellar") == "Bodega"
    with app.test_request_context("/?lang=ar"):
        assert gettext("Cellar") == "قبو"


def test_a_socket_is_in_the_language_of_who_opened_it(app):
    @app.websocket("/socket")
    async def talk():
        while True:
            await websocket.receive()
            await websocket.send(gettext("Cellar"))

    client = app.test_client(protocol="asgi")
    for code in ("es", "fr"):
        with client.websocket("/socket", headers={"Accept-Language": code}) as socket:
            for _ in range(2):
                socket.send("?")
                assert socket.receive() == SAID[code]
