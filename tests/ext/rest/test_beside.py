"""What stands beside an Api in an application stays as it was."""

from __future__ import annotations

import json
from typing import Annotated

from click.testing import CliRunner

from demijohn import Flask, url_for
from demijohn.cli import FlaskGroup
from demijohn.ext.rest import Api, ApiKeyAuth, BearerAuth, Versions

bearer, key = BearerAuth(str), ApiKeyAuth(str)


def test_static_files_have_addresses_by_their_content(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "cellar.css").write_text("p { color: red }")
    app = Flask("cellar", root_path=str(tmp_path))
    Api(app)
    with app.test_request_context():
        address = url_for("static", filename="cellar.css")
    assert address != "/static/cellar.css"
    for path in ("/static/cellar.css", address):
        with app.test_client().get(path) as answer:
            assert (path, answer.status_code, answer.text) == (path, 200, "p { color: red }")


def test_the_command_routes_says_by_what_a_typed_view_knows_who_calls():
    app = Flask("cellar")
    api = Api(app, versions=Versions(["1", "2"], path="/v{}", default="1"))
    api.get("/wines", version="1", auth=key)(lambda: None)

    @api.post("/wines")
    def add(who: Annotated[str, bearer]) -> None: ...

    api.get("/racks")(lambda: None)
    told = CliRunner().invoke(FlaskGroup("t", create_app=lambda: app), ["routes", "--json"]).output
    found = {(row["methods"][0], row["rule"]): row["auth"] for row in json.loads(told)}
    assert found["GET", "/wines"] == "apiKey"
    assert found["POST", "/v2/wines"] == "bearer"
    assert found["GET", "/racks"] is None
