"""The page for errors in debug mode: detailed, escaped, without secrets, never in production."""

from __future__ import annotations

import asyncio
import re

import pytest

from demijohn import render_template_string, request
from demijohn.debugger import error_page


@pytest.fixture
def debugging(app, client):
    """A client of the application in debug mode, as the development server sets it up."""
    app.debug = True
    app.debug_page = error_page
    client.environ_base["HTTP_ACCEPT"] = "text/html"

    @app.route("/fails/<word>")
    def fails(word):
        password = "hunter2"
        api_token = "t0k3n"
        harmless = f"value of {word}"
        raise ValueError(f"<b>{word}</b> & {len(password + api_token + harmless)}")

    @app.route("/later")
    async def later():
        await asyncio.sleep(0)
        try:
            raise KeyError("first")
        except KeyError as e:
            raise RuntimeError("second") from e

    @app.route("/odd")
    def odd():
        class Odd:
            def __repr__(self):
                raise OSError("no repr")

        thing = Odd()
        raise ValueError(f"{type(thing)}")

    return client


def test_the_page_shows_the_error_its_source_and_local_names(debugging):
    answer = debugging.get("/fails/word")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "ValueError" in answer.text
    assert "raise ValueError(" in answer.text
    assert "value of word" in answer.text


def test_case_50_the_page_escapes_what_the_error_says(debugging):
    text = debugging.get("/fails/%3Cscript%3E").text
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;&lt;script&gt;&lt;/b&gt; &amp;" in text


def test_case_50_values_of_names_that_sound_secret_are_hidden(debugging):
    answer = debugging.get(
        "/fails/word", headers={"Cookie": "session=s3ss10n", "Authorization": "Bearer b34r3r"}
    )
    rows = "".join(part.partition("</table>")[0] for part in answer.text.split("<table>")[1:])
    for secret in ("hunter2", "t0k3n", "s3ss10n", "b34r3r"):
        assert secret not in rows
    assert "(hidden)" in rows


def test_case_50_the_key_of_the_application_is_not_shown(debugging, app):
    assert app.secret_key not in debugging.get("/fails/word").text


def test_case_50_settings_are_shown_without_their_secrets(app, debugging):
    """In a template, the configuration is among the local names."""
    third, fourth = (f"hunter{number}" for number in (3, 4))  # the page shows this source too
    app.config["MAIL"] = {"PASSWORD": third, "PORT": 2525}
    app.config["DATABASE"] = f"postgresql://ada:{fourth}@db.example/cellar"

    @app.route("/settings")
    def settings():
        config = dict(reversed(app.config.items()))
        database = app.config["DATABASE"]
        raise ValueError(f"{len(config)} {len(database)}")

    @app.route("/template")
    def template():
        return render_template_string("{{ nothing.at.all }}")

    text = debugging.get("/settings").text + debugging.get("/template").text
    for secret in (app.secret_key, third, fourth):
        assert secret not in text
    assert "(hidden)" in text
    assert "2525" in text
    assert "postgresql://ada:(hidden)@db.example/cellar" in text


def test_an_async_view_is_shown_with_the_cause_of_its_error(debugging):
    text = debugging.get("/later").text
    assert text.index("KeyError") < text.index("RuntimeError: second") or "direct cause" in text
    assert "direct cause" in text
    assert "later" in text


def test_a_value_that_cannot_be_shown_does_not_break_the_page(debugging):
    answer = debugging.get("/odd")
    assert answer.status_code == 500
    assert "cannot be shown" in answer.text


def test_the_page_must_not_be_stored_and_runs_no_script_but_its_own(debugging):
    first, second = (debugging.get("/fails/word").headers for _ in range(2))
    assert first["Cache-Control"] == "no-store"
    policies = [headers["Content-Security-Policy"] for headers in (first, second)]
    assert all("default-src 'none'" in policy and "script-src 'nonce-" in policy for policy in policies)
    assert policies[0] != policies[1]


def test_the_error_is_logged_as_well(debugging, caplog):
    debugging.get("/fails/word")
    assert "Exception on /fails/word [GET]" in caplog.text


def test_an_http_error_is_no_error_of_the_application(debugging):
    assert debugging.get("/nowhere").status_code == 404


def test_an_error_handler_wins(app, debugging):
    app.register_error_handler(ValueError, lambda e: "handled")
    assert debugging.get("/fails/word").text == "handled"


def test_case_50_without_debug_mode_there_is_no_page(app, debugging):
    app.debug = False
    text = debugging.get("/fails/word").text
    assert "ValueError" not in text
    assert "word" not in text


def test_the_teardown_still_runs(app, debugging):
    told = []
    app.teardown_request(lambda exc: told.append((type(exc), request.path)))
    debugging.get("/fails/word")
    assert told == [(ValueError, "/fails/word")]


def test_calls_inside_libraries_are_folded_and_the_own_code_stands_open(app, debugging):
    @app.route("/page")
    def page():
        return render_template_string("{{ nothing.at.all }}")

    text = debugging.get("/page").text
    assert re.search(r'<details class="own"[^>]*><summary><code>[^<]*page</code>', text)
    assert re.search(r"<summary>\d calls? in demijohn</summary>", text)
    assert "calls in demijohn, jinja2</summary>" in text
    # Folded, not left out.
    assert "<code>pipeline</code>" in text
