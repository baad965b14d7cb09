"""The files in docs/examples/debugger fail as the page about the debugger says."""

from __future__ import annotations

import pytest

PROTOCOLS = ["wsgi", "asgi", "rsgi"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_view_is_answered_with_its_error(load_example, protocol):
    app = load_example("debugger/cellar").app
    app.debug = True
    load_example("debugger/serve")
    client = app.test_client(protocol=protocol)
    shown = {
        "/total": ["<h1>KeyError</h1>", '<mark>prices["rose"]</mark>'],
        "/later": ["<h1>RuntimeError</h1>", "years are digits"],
        "/both": ["<h1>ExceptionGroup</h1>", "ValueError: too high", "KeyError"],
        "/template": ["<h1>jinja2.exceptions.UndefinedError</h1>", "line 2"],
    }
    for path, texts in shown.items():
        page = client.get(path, headers={"Accept": "text/html"}).text
        for text in texts:
            assert text in page, (path, text)
    assert "bar.js" in client.get("/").text
    assert client.get("/total").text.endswith("KeyError: 'rose'\n")
