"""What stands beside an Api in an application stays as it was."""

from __future__ import annotations

from demijohn import Flask, url_for
from demijohn.ext.rest import Api


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
