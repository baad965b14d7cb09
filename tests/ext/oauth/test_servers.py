"""The example over real servers, on both kinds of interface; and what they log of it."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl

import pytest
import requests
from tests.ext.oauth.conftest import EXAMPLE
from tests.support.servers import ROOT, serve


@pytest.mark.servers
@pytest.mark.parametrize("server", ["demijohn-wsgi", "granian-asgi", "granian-rsgi"])
def test_one_signs_in_and_no_code_is_logged(provider, server):
    paths = os.pathsep.join(map(str, (ROOT / "src", ROOT, EXAMPLE)))
    with serve("app:app", server, env={"ISSUER": provider.issuer, "PYTHONPATH": paths}) as running:
        visitor = requests.Session()
        page = visitor.get(f"http://localhost:{running.port}/cellar", timeout=20)
        address, _, query = page.url.partition("?")
        assert address == f"{provider.issuer}/authorize"
        form = {**dict(parse_qsl(query)), "user": "ada", "confirm": "yes"}
        found = visitor.post(address, data=form, timeout=20)
        assert found.json()["user"] == "house:id-of-ada"
        assert "code=" not in running.log
