"""A status reads the same whichever way its answer was made."""

from __future__ import annotations

import pytest
import werkzeug

from demijohn import Flask, abort, make_response
from demijohn.http.status import reason_phrase, status_line

CODES = [400, 404, 405, 413, 418, 422, 503]


@pytest.mark.parametrize("code", [200, 203, 226, 302, *CODES, 599, 799])
def test_its_words_are_those_of_the_werkzeug_that_is_installed(code):
    assert status_line(code) == werkzeug.Response(status=code).status
    assert reason_phrase(code).lower() == status_line(code)[4:].lower() or code > 503


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("code", CODES)
def test_an_errors_page_a_problem_and_a_response_have_the_same_line(code, protocol):
    app = Flask(__name__)
    app.add_url_rule("/abort", "abort", lambda: abort(code))
    app.add_url_rule("/described", "described", lambda: abort(code, "More of it."))
    app.add_url_rule("/pair", "pair", lambda: ("", code))
    app.add_url_rule("/response", "response", lambda: make_response("", code))
    client = app.test_client(protocol=protocol)
    lines = {client.get(f"/{name}").status for name in ("abort", "described", "pair", "response")}
    lines.add(client.get("/abort", headers={"Accept": "application/json"}).status)
    assert lines == {status_line(code)}
    client.close()
